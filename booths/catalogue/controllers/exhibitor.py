"""What an exhibitor looks after: its home, its page, its contacts, its poster."""

from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath, FromQuery

from app.accounts.actor import Actor
from app.accounts.enums import EXHIBITOR_ROLES, Role
from app.accounts.guards import requires
from app.events.pages import download, offset_of, pager_of, with_query
from app.events.queries import EditionInfo, edition_by_id
from app.kernel.clock import now
from app.kernel.editing import held, open_edit
from app.kernel.forms import Form, FormError, Reading, open_form
from app.kernel.i18n import LOCALES, _, current_locale, format_date, pick
from app.kernel.images import NotAPicture, PictureTooLarge, store_image
from app.kernel.sheets import write_xlsx
from app.kernel.web import page, redirect
from booths.allocation.queries_proposals import explanation_for
from booths.catalogue.certificates import parse_certificates, show_certificates
from booths.catalogue.documents import label_file, poster_pdf
from booths.catalogue.enums import CodeKind
from booths.catalogue.errors import BoothWithoutExhibitor, NothingToLabel
from booths.catalogue.queries.exhibitors import (
    ExhibitorInfo,
    booths_of_exhibitor,
    exhibitor_info,
)
from booths.catalogue.queries.figures import LEADS_A_PAGE, lead_count, leads_of, scans_of
from booths.catalogue.queries.own import booth_given_on, fee_step, next_steps, own_application, own_places
from booths.catalogue.queries.products import products_of_organisation
from booths.catalogue.schemas import ProfileForm, ProfileValues
from booths.catalogue.services.codes import booth_code, product_codes
from booths.catalogue.services.leads import remove_lead
from booths.catalogue.services.profiles import save_profile

exhibitor = requires(*EXHIBITOR_ROLES)


class ExhibitorController(Controller):
    """``/exhibitor``. The guard looks that the organisation of the path is one's own."""

    path = "/exhibitor"
    guards = [exhibitor]
    include_in_schema = False

    @get("/")
    async def places(self, request: Request[Actor, Any, Any]) -> Response[Any]:
        """One's organisations and editions; a single one opens at once."""
        found = await own_places(request.user)
        if len(found) == 1:
            return redirect(found[0].path)
        return page("catalogue/own_places.html", places=found)

    @get("/{organisation_id:int}/{edition_id:int}")
    async def home(
        self, request: Request[Actor, Any, Any], organisation_id: FromPath[int], edition_id: FromPath[int]
    ) -> Response[str]:
        """What is to be done next and by when; the booth and why it is this one."""
        edition = await edition_by_id(edition_id)
        profile = await exhibitor_info(organisation_id, private=True)
        products = await products_of_organisation(organisation_id, hidden=True)
        booths = await booths_of_exhibitor(edition_id, organisation_id)
        application = await own_application(edition_id, organisation_id)
        scans = await scans_of(edition_id, CodeKind.BOOTH, [booth.id for booth in booths])
        owner = Role.EXHIBITOR_OWNER
        may_pay = request.user.has(owner, edition_id=edition_id, organisation_id=organisation_id)
        steps = next_steps(
            base=base_of(organisation_id, edition_id),
            edition=edition,
            profile=profile,
            products=products,
            booths=booths,
            given_on=await booth_given_on(edition, organisation_id) if booths else None,
            scanned=sum(visitors for _day, visitors in scans),
            fee=await fee_step(edition, application[0]) if application and may_pay else None,
        )
        return page(
            "catalogue/own_home.html",
            **frame(edition, profile),
            booths=booths,
            reasons=await explanation_for(edition_id, organisation_id) if booths else [],
            application=application[0] if application else None,
            state=application[1] if application else None,
            steps=steps,
            today=edition.today(now()),
            scans=scans,
            day_bars=[(format_date(day), visitors) for day, visitors in scans],
            leads=await lead_count(edition_id, organisation_id),
            shown=sum(product.active for product in products),
        )

    @get("/{organisation_id:int}/{edition_id:int}/profile")
    async def profile(self, organisation_id: FromPath[int], edition_id: FromPath[int]) -> Response[str]:
        """What one says of oneself."""
        edition = await edition_by_id(edition_id)
        info = await exhibitor_info(organisation_id, private=True)
        form = _form_of(info)
        booths = await booths_of_exhibitor(edition_id, organisation_id)
        return page(
            "catalogue/own_profile.html",
            **frame(edition, info),
            form=form,
            languages=own_first(),
            wording=_wording(info),
            booths=booths,
        )

    @post("/{organisation_id:int}/{edition_id:int}/profile", status_code=303)
    async def save(
        self, request: Request[Actor, Any, Any], organisation_id: FromPath[int], edition_id: FromPath[int]
    ) -> Response[Any]:
        """Keep it."""
        edition = await edition_by_id(edition_id)
        info = await exhibitor_info(organisation_id, private=True)
        try:
            sent = await open_form(request, ProfileForm)
            photo = await stored(sent.values.photo, "photo", sent)
            async with held("organisation", organisation_id):
                standing = await exhibitor_info(organisation_id, private=True)
                reading = await open_edit(
                    request,
                    ProfileForm,
                    record=_form_of(standing),
                    subject=("exhibitor_profile", organisation_id),
                )
                if sent.form.error("photo"):
                    reading.refuse("photo", sent.form.error("photo"))
                website, certificates = _website(reading), certificates_of(reading)
                form = reading.settle()
                await save_profile(
                    organisation_id=organisation_id,
                    values=ProfileValues(
                        story=form.texts(),
                        website=website,
                        certificates=certificates,
                        contact_public=form.contact_public,
                        consent_wording=_wording(standing),
                    ),
                    photo=photo,
                    edition_id=edition_id,
                    actor=request.user,
                    now=now(),
                )
        except FormError as error:
            return page(
                "catalogue/own_profile.html",
                status=error.status,
                **frame(edition, info),
                form=await chosen_again(request, error.form, "photo", _("Please choose the photo again.")),
                languages=own_first(),
                wording=_wording(info),
                booths=await booths_of_exhibitor(edition_id, organisation_id),
            )
        return redirect(base_of(organisation_id, edition_id), toast=_("Saved. Visitors see it at once."))

    @get("/{organisation_id:int}/{edition_id:int}/leads")
    async def leads(
        self,
        request: Request[Actor, Any, Any],
        organisation_id: FromPath[int],
        edition_id: FromPath[int],
        q: FromQuery[str] = "",
    ) -> Response[str]:
        """Contacts that visitors left."""
        edition = await edition_by_id(edition_id)
        info = await exhibitor_info(organisation_id, private=True)
        asked = request.query_params.get("page", "1")
        number = int(asked) if asked.isdecimal() and len(asked) < 6 else 1
        found = await leads_of(edition_id, organisation_id, search=q, offset=offset_of(number), limit=LEADS_A_PAGE)
        return page(
            "catalogue/own_leads.html",
            **frame(edition, info),
            q=q,
            leads=found.items,
            pager=pager_of(request, found),
            export=with_query(request, base_of(organisation_id, edition_id) + "/leads.xlsx"),
        )

    @get("/{organisation_id:int}/{edition_id:int}/leads.xlsx")
    async def export(
        self, organisation_id: FromPath[int], edition_id: FromPath[int], q: FromQuery[str] = ""
    ) -> Response[bytes]:
        """The contacts as a sheet."""
        edition = await edition_by_id(edition_id)
        found = await leads_of(edition_id, organisation_id, search=q, limit=None)
        rows = [
            (lead.name, lead.phone, lead.email, pick(lead.product), lead.message, lead.created_at)
            for lead in found.items
        ]
        headers = [_("Name"), _("Phone"), _("Mail"), _("Product"), _("Message"), _("When")]
        content = write_xlsx(_("Contacts"), headers, rows, timezone=edition.timezone)
        return download(content, f"contacts-{edition.slug}.xlsx")

    @post("/{organisation_id:int}/{edition_id:int}/leads/{lead_id:int}/remove", status_code=303)
    async def remove_lead(
        self,
        request: Request[Actor, Any, Any],
        organisation_id: FromPath[int],
        edition_id: FromPath[int],
        lead_id: FromPath[int],
    ) -> Response[Any]:
        """Delete a contact."""
        await remove_lead(
            lead_id=lead_id, edition_id=edition_id, organisation_id=organisation_id, actor=request.user, now=now()
        )
        return redirect(base_of(organisation_id, edition_id) + "/leads", toast=_("The contact was deleted."))

    @get("/{organisation_id:int}/{edition_id:int}/labels.pdf")
    async def labels(self, organisation_id: FromPath[int], edition_id: FromPath[int]) -> Response[bytes]:
        """A label with a QR code for each product that is shown; codes are made here at the first call."""
        info = await exhibitor_info(organisation_id)
        products = await products_of_organisation(organisation_id)
        if not products:
            raise NothingToLabel
        codes = await product_codes(product_ids=[product.id for product in products], edition_id=edition_id, now=now())
        name, media_type, content = await label_file(info.name, [(product, codes[product.id]) for product in products])
        return download(content, name, media_type)

    @get("/{organisation_id:int}/{edition_id:int}/poster.pdf")
    async def poster(
        self, organisation_id: FromPath[int], edition_id: FromPath[int], size: FromQuery[str] = "a4"
    ) -> Response[bytes]:
        """The booth's QR poster, A4 or A5. Its short code is made here at the first call."""
        edition = await edition_by_id(edition_id)
        booths = await booths_of_exhibitor(edition_id, organisation_id)
        if not booths:
            raise BoothWithoutExhibitor
        info = await exhibitor_info(organisation_id)
        codes = [await booth_code(booth_id=booth.id, edition_id=edition_id, now=now()) for booth in booths]
        paper = "a5" if size == "a5" else "a4"
        content = await poster_pdf(
            edition=edition,
            exhibitor=info.name,
            booths=list(zip(booths, codes, strict=True)),
            size=paper,
        )
        return download(content, f"poster-{booths[0].code}-{paper}.pdf", "application/pdf")


def _form_of(info: ExhibitorInfo) -> Form:
    return Form.of(
        **{f"story_{code}": info.story.get(code, "") for code in LOCALES},
        website=info.website,
        certificates=show_certificates((one.name, one.year) for one in info.certificates),
        contact_public=info.contact_public,
    )


def base_of(organisation_id: int, edition_id: int) -> str:
    """Address of an exhibitor's home in an edition."""
    return f"/exhibitor/{organisation_id}/{edition_id}"


def frame(edition: EditionInfo, profile: ExhibitorInfo) -> dict[str, Any]:
    """What every one of these pages needs."""
    return {"edition": edition, "profile": profile, "base": base_of(profile.id, edition.id)}


def own_first() -> list[str]:
    """The languages in which one may write, one's own first."""
    return [current_locale(), *(code for code in LOCALES if code != current_locale())]


async def chosen_again(request: Request[Any, Any, Any], form: Form, name: str, sentence: str) -> Form:
    """The refused form; where files were sent with it, it says that they have to be chosen again."""
    sent = [item for item in (await request.form()).getall(name, []) if getattr(item, "filename", "")]
    if not sent:
        return form
    again = Form(form.values, {**form.errors, name: " ".join(filter(None, (form.error(name), sentence)))})
    again.said = form.said
    return again


async def stored(upload: UploadFile | None, field: str, reading: Reading[Any]) -> str | None:
    """The hash of an uploaded photo, None without one; one that cannot be taken is refused with its own sentence."""
    if upload is None:
        return None
    try:
        return await store_image(await upload.read(), now=now())
    except (NotAPicture, PictureTooLarge) as error:
        reading.refuse(field, error.sentence())
        return None


def certificates_of(reading: Reading[Any]) -> list[tuple[str, int | None]]:
    """The certificates typed into a form; refuses what is none."""
    try:
        return parse_certificates(reading.values.certificates)
    except ValueError:
        sentence = _("At most 12 certificates of 120 characters, with a semicolon between them.")
        reading.refuse("certificates", sentence)
        return []


def _website(reading: Reading[ProfileForm]) -> str:
    """An address with its scheme; refuses what is none."""
    text = reading.values.website
    if not text:
        return ""
    address = text if "://" in text else f"https://{text}"
    scheme, _separator, rest = address.partition("://")
    host = rest.split("/")[0]
    if scheme not in ("http", "https") or "." not in host or any(c in address for c in " \"'<>"):
        reading.refuse("website", _("This is no web address. It looks like www.example.vn."))
    return address


def _wording(profile: ExhibitorInfo) -> str:
    """The sentence beside the box for contact details, as it is kept with the consent."""
    details = ", ".join(part for part in (profile.phone_shown, profile.email) if part)
    return _(
        "Show our contact details to everybody on our page: {details}. We can hide them again at any time."
    ).format(details=details or _("none given yet"))
