"""What ``main:app-store:sys`` is asked and answers: the JSON of kit's requests (kit ``src/``).

Names and types are those of app-store's own WIT, so that its bodies are read as Kinode's are.
"""

from kinode_nb import wit
from kinode_nb.types import PackageId
from kinode_nb.types.manifests import Metadata, Properties

api = wit.load(
    """
interface main {
    use standard.{package-id};

    variant request {
        new-package(new-package-request),
        install(install-package-request),
        uninstall(package-id),
        apis,
        get-api(package-id),
    }

    variant response {
        new-package-response(new-package-response),
        install-response(install-response),
        uninstall-response(uninstall-response),
        apis-response(apis-response),
        get-api-response(get-api-response),
    }

    record new-package-request {
        package-id: package-id,
        mirror: bool,
    }

    record install-package-request {
        package-id: package-id,
        version-hash: string,
        metadata: option<onchain-metadata>,
    }

    record onchain-metadata {
        name: option<string>,
        description: option<string>,
        image: option<string>,
        external-url: option<string>,
        animation-url: option<string>,
        properties: onchain-properties,
    }

    record onchain-properties {
        package-name: string,
        publisher: string,
        current-version: string,
        mirrors: list<string>,
        code-hashes: list<tuple<string, string>>,
        license: option<string>,
        screenshots: option<list<string>>,
        wit-version: option<u32>,
        dependencies: option<list<string>>,
    }

    enum new-package-response {
        success,
        no-blob,
        install-failed,
        already-exists,
    }

    enum install-response {
        success,
        failure,
    }

    enum uninstall-response {
        success,
        failure,
    }

    enum get-api-response {
        success,
        failure,
    }

    record apis-response {
        apis: list<package-id>,
    }
}
"""
)


def metadata_of(written: object) -> Metadata | None:
    """Return the metadata of an Install as a package's ``metadata.json`` has them."""
    if written is None:
        return None
    given = written.properties  # type: ignore[attr-defined]  # the class is made from the WIT
    return Metadata(
        name=written.name,  # type: ignore[attr-defined]
        description=written.description,  # type: ignore[attr-defined]
        properties=Properties(
            package_name=given.package_name,
            publisher=given.publisher,
            current_version=given.current_version,
            mirrors=list(given.mirrors),
            code_hashes=dict(given.code_hashes),
            wit_version=given.wit_version,
            dependencies=list(given.dependencies or ()),
        ),
    )


__all__ = ["PackageId", "api", "metadata_of"]
