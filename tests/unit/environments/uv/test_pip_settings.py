from pathlib import Path

import pytest

from trackboard.environments.uv.pip_settings import read_pip_settings


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / ".config" / "pip").mkdir(parents=True)
    return tmp_path


def test_pips_variables_are_passed_on(home: Path) -> None:
    found = read_pip_settings(
        {
            "HOME": str(home),
            "PIP_INDEX_URL": "https://one/simple",
            "PIP_EXTRA_INDEX_URL": "https://two/simple\nhttps://three/simple",
            "PIP_FIND_LINKS": "/wheels /more",
            "PIP_TRUSTED_HOST": "one",
            "PIP_DEFAULT_TIMEOUT": "90",
        }
    )
    assert found["UV_DEFAULT_INDEX"] == "https://one/simple"
    assert found["UV_EXTRA_INDEX_URL"] == "https://two/simple https://three/simple"
    assert found["UV_FIND_LINKS"] == "/wheels,/more"
    assert found["UV_INSECURE_HOST"] == "one"
    assert found["UV_HTTP_TIMEOUT"] == "90"
    assert found["UV_INDEX_STRATEGY"] == "unsafe-best-match"
    assert "PIP_NO_INDEX" not in found


def test_what_is_said_to_uv_itself_stays(home: Path) -> None:
    found = read_pip_settings(
        {
            "HOME": str(home),
            "PIP_INDEX_URL": "https://pip/simple",
            "UV_INDEX_URL": "https://uv/simple",
            "PIP_FIND_LINKS": "/pip",
            "UV_FIND_LINKS": "/uv",
            "UV_INDEX_STRATEGY": "first-index",
        }
    )
    assert found == {"UV_INDEX_STRATEGY": "first-index"} | {
        name: value for name, value in found.items() if name in ("SSL_CERT_FILE",)
    }


def test_files_of_pip(home: Path) -> None:
    file = home / ".config" / "pip" / "pip.conf"
    file.write_text("[global]\nindex-url = https://file/simple\n[install]\nfind-links = /a\n  /b\n")
    found = read_pip_settings({"HOME": str(home)})
    assert found["UV_DEFAULT_INDEX"] == "https://file/simple"
    assert found["UV_FIND_LINKS"] == "/a,/b"
    nearer = home / "mine.conf"
    nearer.write_text("[global]\nindex_url = https://mine/simple\nno-index = true\n")
    found = read_pip_settings({"HOME": str(home), "PIP_CONFIG_FILE": str(nearer)})
    assert found["UV_DEFAULT_INDEX"] == "https://mine/simple"
    assert found["PIP_NO_INDEX"] == "1"
    found = read_pip_settings({"HOME": str(home), "PIP_INDEX_URL": "https://variable/simple"})
    assert found["UV_DEFAULT_INDEX"] == "https://variable/simple"


def test_files_that_do_not_count(home: Path) -> None:
    file = home / ".config" / "pip" / "pip.conf"
    file.write_text("[global]\nindex-url = https://file/simple\n")
    found = read_pip_settings({"HOME": str(home), "PIP_CONFIG_FILE": "/dev/null"})
    assert found == {"UV_INDEX_STRATEGY": "unsafe-best-match"}
    file.write_text("index-url = without a section")
    assert "UV_DEFAULT_INDEX" not in read_pip_settings({"HOME": str(home)})
