"""Names derived from other names."""

from __future__ import annotations

import string

from hypothesis import given
from hypothesis import strategies as st

from functions_model.core.names import Names
from functions_model.inputs import placing, rules

LETTERS = string.ascii_letters + string.digits
APPS = st.builds(
    lambda start, middle, end: start + middle + end,
    st.sampled_from(LETTERS),
    st.text(LETTERS + "-", max_size=58),
    st.sampled_from(LETTERS),
)
SUBSCRIPTION = "0a1b2c3d-0000-4000-8000-00000000000a"


class TestDerived:
    """Names that follow."""

    @given(APPS, st.uuids())
    def test_are_names_that_azure_takes(self, app: str, subscription: object) -> None:
        """Whatever the app's name is."""
        assert rules.app_name(app) == app
        assert rules.plan_name(placing.plan_name(Names(str(subscription), "group", app))).endswith("-plan")
        rules.storage_account(placing.storage_account(Names(str(subscription), "group", app)))
        rules.storage_account(placing.data_storage_account(Names(str(subscription), "group", app)))
        rules.service_bus_namespace(placing.service_bus_namespace(Names(str(subscription), "group", app)))
        assert 3 <= len(placing.identity_name(Names(str(subscription), "group", app))) <= 128

    @given(APPS)
    def test_do_not_depend_on_case(self, app: str) -> None:
        """Azure compares names without regard to case, so a name in all of Azure must not change with it."""
        for name in (placing.storage_account, placing.data_storage_account, placing.service_bus_namespace):
            assert name(Names("A", "Group", app)) == name(Names("a", "gROUP", app.upper()))

    def test_differ_by_subscription_group_and_app(self) -> None:
        """A storage account's name is unique in all of Azure."""
        names = {
            placing.storage_account(Names(subscription, group, app))
            for app in ("app", "app-1", "app-11")
            for group in ("g", "h")
            for subscription in ("s", "t")
        }

        assert len(names) == 12

    def test_long_names_that_begin_alike_differ(self) -> None:
        """A plan's name that had to be cut is still this app's own."""
        assert placing.plan_name(Names(SUBSCRIPTION, "rg", "a" * 59 + "b")) != placing.plan_name(
            Names(SUBSCRIPTION, "rg", "a" * 59 + "c")
        )

    def test_stay_the_same(self) -> None:
        """A change here would create new resources beside those of every deployed app."""
        assert "churn3blv7b2nh6" == placing.storage_account(Names(SUBSCRIPTION, "rg", "churn"))
        assert "churndataydh4c2afpp" == placing.data_storage_account(Names(SUBSCRIPTION, "rg", "churn"))
        assert "churn-bus-xb5ogpyayv" == placing.service_bus_namespace(Names(SUBSCRIPTION, "rg", "churn"))
        assert "a" * 48 + "-chxdse-plan" == placing.plan_name(Names(SUBSCRIPTION, "rg", "a" * 60))
