"""Whether two servers answer alike, so that their costs can be compared.

Pure: answers in, differences out.
"""

# Bytes of header by which answers may differ: "detail=redis" is not as long
# as "detail=memory", and Varnish counts Age by itself.
SLACK = 32


def header_bytes(answer):
    """What the header takes on the wire, without the status line."""
    return sum(len(f"{name}: {value}\r\n") for name, value in answer.headers)


def differences(reference, answer, slack=SLACK):
    """What a client sees differently; an empty list if nothing of weight."""
    found = []
    if answer.status != reference.status:
        found.append(f"status {answer.status}, not {reference.status}")
    if answer.body != reference.body:
        found.append(f"{len(answer.body)} bytes of body, "
                     f"not these {len(reference.body)}")
    size, wanted = header_bytes(answer), header_bytes(reference)
    if abs(size - wanted) > slack:
        missing = names(reference) - names(answer)
        surplus = names(answer) - names(reference)
        found.append(f"{size} bytes of header, not {wanted}: without "
                     f"{sorted(missing)}, with {sorted(surplus)}")
    return found


def names(answer):
    return {name.lower() for name, _ in answer.headers}
