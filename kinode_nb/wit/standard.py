"""The types of Kinode's ``interface standard`` (kinode-wit 1.0.0), which any interface may use.

Inside a message's body they are plain records: an address is an object there, not the text
``node@process:package:publisher`` that the system processes write.
"""

from __future__ import annotations

from kinode_nb.types import Address, Capability, PackageId, ProcessId

# The records of `standard` whose values are objects of kinode_nb's own.
OWN_CLASSES: dict[str, type] = {
    "address": Address,
    "capability": Capability,
    "package-id": PackageId,
    "process-id": ProcessId,
}

STANDARD = """
interface standard {
    type json = string;
    type node-id = string;
    type context = list<u8>;

    record process-id { process-name: string, package-name: string, publisher-node: node-id }
    record package-id { package-name: string, publisher-node: node-id }
    record address { node: node-id, process: process-id }
    record lazy-load-blob { mime: option<string>, bytes: list<u8> }
    record capability { issuer: address, params: json }

    record request {
        inherit: bool,
        expects-response: option<u64>,
        body: list<u8>,
        metadata: option<json>,
        capabilities: list<capability>,
    }

    record response {
        inherit: bool,
        body: list<u8>,
        metadata: option<json>,
        capabilities: list<capability>,
    }

    variant message {
        request(request),
        response(tuple<response, option<context>>),
    }

    variant on-exit {
        none,
        restart,
        requests(list<tuple<address, request, option<lazy-load-blob>>>),
    }

    record send-error {
        kind: send-error-kind,
        target: address,
        message: message,
        lazy-load-blob: option<lazy-load-blob>,
    }

    enum send-error-kind { offline, timeout }
    enum spawn-error { name-taken, no-file-at-path }
}
"""
