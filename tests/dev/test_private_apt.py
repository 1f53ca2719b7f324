"""Reading the package sources of a machine, in both of apt's formats."""

from pathlib import Path

import pytest

from devkit.private_apt import machine_sources


@pytest.fixture
def etc(tmp_path: Path) -> Path:
    (tmp_path / "sources.list.d").mkdir()
    return tmp_path


def test_deb822_format(etc):
    (etc / "sources.list.d" / "debian.sources").write_text(
        "Types: deb deb-src\n"
        "# a remark\n"
        "URIs: http://mirror.example/debian\n"
        "Suites: trixie trixie-updates\n"
        "Components: main contrib\n"
        "Signed-By: /usr/share/keyrings/a.gpg\n"
        "\n"
        "Types: deb\n"
        "URIs: http://mirror.example/debian-security\n"
        "Suites: trixie-security\n"
        "Components: main\n"
    )
    (source,) = machine_sources(etc)
    assert source.uri == "http://mirror.example/debian"
    assert source.options == (("Signed-By", "/usr/share/keyrings/a.gpg"),)


def test_a_key_inside_the_file_is_kept_with_its_indentation(etc):
    (etc / "sources.list.d" / "a.sources").write_text(
        "Types: deb\nURIs: http://mirror.example/debian\nSuites: sid\nComponents: main\n"
        "Signed-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n abc\n"
    )
    (source,) = machine_sources(etc)
    assert dict(source.options)["Signed-By"] == "\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n abc"


def test_one_line_format(etc):
    (etc / "sources.list").write_text(
        "# deb http://old.example/debian bookworm main\n"
        "deb [arch=amd64 signed-by=/k.gpg] https://mirror.example/debian bookworm main contrib # ours\n"
        "deb-src https://mirror.example/debian bookworm main\n"
        "deb https://mirror.example/debian-security bookworm-security main\n"
    )
    (source,) = machine_sources(etc)
    assert source.uri == "https://mirror.example/debian"
    assert source.components == ("main", "contrib")
    assert source.options == (("Signed-By", "/k.gpg"),)


def test_the_archive_of_debian_comes_before_those_of_vendors(etc):
    (etc / "sources.list.d" / "a.list").write_text("deb https://vendor.example/apt stable main\n")
    (etc / "sources.list.d" / "z.list").write_text("deb https://mirror.example/debian/ bookworm main\n")
    assert [source.uri for source in machine_sources(etc)] == [
        "https://mirror.example/debian/",
        "https://vendor.example/apt",
    ]


def test_disabled_sources_do_not_count(etc):
    (etc / "sources.list.d" / "a.sources").write_text(
        "Enabled: no\nTypes: deb\nURIs: http://mirror.example/debian\nSuites: sid\nComponents: main\n"
    )
    assert machine_sources(etc) == []
