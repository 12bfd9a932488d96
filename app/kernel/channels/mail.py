"""Mail over SMTP."""

from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from urllib.parse import urlsplit

import aiosmtplib

from app.kernel.channels import Attachment, DeliveryFailed, OutgoingMessage
from app.kernel.channels.making import with_attachments_made
from app.kernel.clock import now
from app.kernel.settings import settings

TIMEOUT_SECONDS = 30


def mail_server() -> aiosmtplib.SMTP:
    """A connection to be made to the mail server of the settings; it signs in when it connects."""
    known = settings()
    return aiosmtplib.SMTP(
        hostname=known.smtp_host,
        port=known.smtp_port,
        username=known.smtp_user or None,
        password=known.smtp_password or None,
        use_tls=known.smtp_tls == "tls",
        start_tls=known.smtp_tls == "starttls",
        timeout=TIMEOUT_SECONDS,
    )


class MailChannel:
    """Sends each message over a connection of its own, as the settings say."""

    async def deliver(self, message: OutgoingMessage) -> None:
        """Hand the mail to the server. Raises DeliveryFailed; lasting when the server refuses the address."""
        message = await with_attachments_made(message)
        client = mail_server()
        try:
            await client.connect()
            await client.send_message(compose(message))
        except aiosmtplib.SMTPRecipientsRefused as error:
            codes = [recipient.code for recipient in error.recipients]
            raise DeliveryFailed(f"address refused ({codes[0]})", lasting=all(code >= 500 for code in codes)) from error
        except aiosmtplib.SMTPResponseException as error:
            lasting = isinstance(error, aiosmtplib.SMTPDataError) and error.code >= 500
            raise DeliveryFailed(f"mail server answered {error.code}", lasting=lasting) from error
        except (aiosmtplib.SMTPException, OSError) as error:
            raise DeliveryFailed(f"mail server: {type(error).__name__}") from error
        finally:
            client.close()  # without QUIT: a server that hangs would not answer that either


def compose(message: OutgoingMessage) -> EmailMessage:
    """The mail as MIME: text, HTML where there is any, attachments; all in UTF-8.

    The Message-ID comes from the row, so that a repeated try is the same mail.
    """
    known = settings()
    name, address = parseaddr(known.mail_from)
    user, _at, domain = address.partition("@")
    mail = EmailMessage(policy=SMTP)
    mail["From"] = Address(name, user, domain)
    mail["To"] = message.to_address
    mail["Subject"] = " ".join(message.subject.split())
    mail["Date"] = format_datetime(now())
    mail["Message-ID"] = f"<outbox-{message.id}@{urlsplit(known.base_url).hostname or domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(message.body_text, charset="utf-8")
    if message.body_html:
        mail.add_alternative(message.body_html, subtype="html", charset="utf-8")
    for attachment in message.attachments:
        maintype, _slash, subtype = attachment.mime.partition("/")
        mail.add_attachment(read(attachment), maintype=maintype, subtype=subtype, filename=attachment.filename)
    mail["Content-Language"] = message.locale  # last: what makes parts moves such headers into them
    return mail


def read(attachment: Attachment) -> bytes:
    """The attachment's bytes. Raises DeliveryFailed when the file is gone, or is not in the data folder."""
    if attachment.made_by:
        return attachment.content
    folder = settings().data_dir.resolve()
    path = (folder / attachment.path).resolve()
    if not path.is_relative_to(folder) or not path.is_file():
        raise DeliveryFailed(f"the attachment {attachment.filename} is missing", lasting=True)
    return path.read_bytes()
