"""What changes to people, their roles and devices are called in the log."""

from app.accounts.enums import ASKED_NAMES, DEVICE_KIND_NAMES, ORGANISATION_KIND_NAMES, ROLE_NAMES, UNIT_LEVEL_NAMES
from app.accounts.tables import Device, Organisation, Person
from app.kernel.audit_words import Field, LogWords, Subject, names_in
from app.kernel.i18n import LANGUAGE_NAMES, N_

WORDS = LogWords(
    actions={
        "consent.give": N_("Gave a consent"),
        "consent.withdraw": N_("Withdrew a consent"),
        "device.invite": N_("Made a card for a device"),
        "device.pair": N_("Bound a device"),
        "device.revoke": N_("Shut a device out"),
        "organisation.merge": N_("Merged two records of an organisation"),
        "organisation.not_the_same": N_("Said that two organisations are not the same"),
        "organisation.unmerge": N_("Undid the merge of two organisations"),
        "person.merge": N_("Merged two records of a person"),
        "person.not_the_same": N_("Said that two people are not the same"),
        "person.unmerge": N_("Undid the merge of two people"),
        "organisation.create": N_("Added an organisation"),
        "organisation.update": N_("Changed an organisation"),
        "password.set": N_("Set a password"),
        "person.erase": N_("Asked for a person's data to be erased"),
        "person.erased": N_("Erased a person's data"),
        "person.update": N_("Changed a person"),
        "role.grant": N_("Gave a role"),
        "role.revoke": N_("Took a role back"),
        "two_step.set_up": N_("Set up two-step sign-in"),
        "two_step.take_off": N_("Took two-step sign-in off somebody"),
        "two_step.turn_off": N_("Turned two-step sign-in off"),
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
                "ward_code": Field(N_("Code of the ward")),
                "ward_before": Field(N_("Ward as it was written")),
                "tax_number": Field(N_("Tax number")),
                "phone": Field(N_("Phone number")),
                "email": Field(N_("Mail address")),
                "member_count": Field(N_("Members")),
                "parent": Field(N_("Belongs to"), subject="organisation"),
                "unit_level": Field(N_("Level"), values=UNIT_LEVEL_NAMES),
                "unit_code": Field(N_("Administrative unit")),
                "address": Field(N_("Address")),
                "contact": Field(N_("Contact"), subject="person"),
                "valid_from": Field(N_("In force from")),
                "valid_to": Field(N_("In force until")),
                "merged_into": Field(N_("Merged into"), subject="organisation"),
                "other": Field(N_("The other one"), subject="organisation"),
                "records": Field(N_("Records")),
            },
        ),
        "person": Subject(
            name=N_("Person"),
            find=names_in(Person, Person.full_name),
            fields={
                "role": Field(N_("Role"), values={**ROLE_NAMES, "chair": N_("Jury chair")}),
                "organisation": Field(N_("Organisation")),
                "expertise": Field(N_("Expertise")),
                "is_expert": Field(N_("Expert")),
                "asked": Field(N_("Asked"), values=ASKED_NAMES),
                "records": Field(N_("Records")),
                "full_name": Field(N_("Full name")),
                "phone": Field(N_("Phone number")),
                "email": Field(N_("Mail address")),
                "merged_into": Field(N_("Merged into"), subject="person"),
                "other": Field(N_("The other one"), subject="person"),
                "locale": Field(N_("Language"), values=LANGUAGE_NAMES),
            },
        ),
    },
)
