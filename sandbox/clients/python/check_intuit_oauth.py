"""intuit-oauth: discovery, authorization address, code, refresh, revoke."""

from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
import requests
from intuitlib.client import AuthClient
from intuitlib.enums import Scopes
from intuitlib.exceptions import AuthClientError

CALLBACK = "http://127.0.0.1/callback"


@pytest.fixture
def client(sandbox, realm):
    return AuthClient(
        realm["client_id"], realm["client_secret"], CALLBACK, sandbox["quickbooks"]["discovery_url"]
    )


def consented(client, realm, *scopes, decision="connect"):
    """Consent as the page's button does; return what comes back to the callback."""
    asked = client.get_authorization_url([Scopes.ACCOUNTING, *scopes])
    page = requests.get(asked, timeout=5)
    assert page.status_code == 200
    form = {**dict(parse_qsl(urlsplit(asked).query)), "realmId": realm["id"], "decision": decision}
    answer = requests.post(client.auth_endpoint, data=form, allow_redirects=False, timeout=5)
    assert answer.status_code == 302, answer.text
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}


def test_discovery_gives_every_endpoint_that_the_client_reads(client, sandbox):
    base = sandbox["quickbooks"]["oauth_url"]
    for url in (client.auth_endpoint, client.token_endpoint, client.revoke_endpoint, client.user_info_url):
        assert url.startswith(base)


def test_code_is_exchanged_once(client, realm):
    back = consented(client, realm)
    assert back["state"] == client.state_token
    client.get_bearer_token(back["code"], realm_id=back["realmId"])
    assert client.access_token
    assert client.expires_in == 3600
    assert client.x_refresh_token_expires_in > 8_000_000
    with pytest.raises(AuthClientError) as refused:
        client.get_bearer_token(back["code"], realm_id=back["realmId"])
    assert refused.value.status_code == 400


def test_refresh_and_revoke(client, realm):
    client.get_bearer_token(consented(client, realm)["code"], realm_id=realm["id"])
    first = client.access_token
    client.refresh()
    assert client.access_token != first
    assert client.revoke(token=client.refresh_token)
    with pytest.raises(AuthClientError) as refused:
        client.refresh()
    assert "invalid_grant" in str(refused.value.content)


def test_refused_consent_comes_back_as_an_error(client, realm):
    back = consented(client, realm, decision="cancel")
    assert (back["error"], back["state"]) == ("access_denied", client.state_token)


def test_user_is_told_by_scope(client, realm):
    client.get_bearer_token(
        consented(client, realm, Scopes.OPENID, Scopes.EMAIL)["code"], realm_id=realm["id"]
    )
    assert client.id_token
    assert client.get_user_info().json()["email"]
    with pytest.raises(AuthClientError) as refused:
        client.get_user_info(access_token="nonsense")
    assert refused.value.status_code == 401


def test_wrong_secret_is_refused(sandbox, realm):
    other = AuthClient(realm["client_id"], "wrong", CALLBACK, sandbox["quickbooks"]["discovery_url"])
    with pytest.raises(AuthClientError) as refused:
        other.refresh(refresh_token=realm["refresh_token"])
    assert refused.value.status_code == 401
