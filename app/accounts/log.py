"""What changes to people, their roles and devices are called in the log."""

from app.accounts.enums import DEVICE_KIND_NAMES, ORGANISATION_KIND_NAMES, ROLE_NAMES
from app.accounts.tables import Device, Organisation, Person
from app.kernel.audit_words import Field, LogWords, Subject, names_in
from app.kernel.i18n import LANGUAGE_NAMES, N_

WORDS = LogWords(
    actions={
        "device.invite": N_("Made a card for a device"),
        "device.pair": N_("Bound a device"),
        "device.revoke": N_("Shut a device out"),
        "organisation.create": N_("Added an organisation"),
        "password.set": N_("Set a password"),
        "person.update": N_("Changed a person"),
        "role.grant": N_("Gave a role"),
        "role.revoke": N_("Took a role back"),
    },
    subjects={
        "device": Subject(
            name=N_("Device"),
            find=names_in(Device, Device.label),
            fields={"kind": Field(N_("Used for"), values=DEVICE_KIND_NAMES), "label": Field(N_("Label"))},
        ),
        "organisation": Subject(
            name=N_("Organisation"),
            find=names_in(Organisation, Organisation.name),
            fields={
                "kind": Field(N_("Kind"), values=ORGANISATION_KIND_NAMES),
                "ward": Field(N_("Ward")),
                "tax_number": Field(N_("Tax number")),
                "phone": Field(N_("Phone number")),
                "email": Field(N_("Mail address")),
                "member_count": Field(N_("Members")),
            },
        ),
        "person": Subject(
            name=N_("Person"),
            find=names_in(Person, Person.full_name),
            fields={
                "role": Field(N_("Role"), values={**ROLE_NAMES, "chair": N_("Jury chair")}),
                "organisation": Field(N_("Organisation")),
                "expertise": Field(N_("Expertise")),
                "full_name": Field(N_("Full name")),
                "phone": Field(N_("Phone number")),
                "email": Field(N_("Mail address")),
                "locale": Field(N_("Language"), values=LANGUAGE_NAMES),
            },
        ),
    },
)
