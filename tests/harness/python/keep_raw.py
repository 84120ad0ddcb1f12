"""What aiosmtpd does with the messages of the tests."""

import itertools
import os


class KeepRaw:
    """Keeps each message as it came, octet by octet, in a folder."""

    def __init__(self, folder):
        self.folder = folder
        self.count = itertools.count()
        os.makedirs(folder, exist_ok=True)

    @classmethod
    def from_cli(cls, parser, *arguments):
        if len(arguments) != 1:
            parser.error("expected a folder")
        return cls(arguments[0])

    async def handle_DATA(self, server, session, envelope):
        name = os.path.join(self.folder, f"{next(self.count):04}")
        with open(name + ".part", "wb") as file:
            file.write(envelope.original_content or envelope.content)
        # Whoever looks sees a message only when it is whole.
        os.rename(name + ".part", name + ".eml")
        return "250 2.0.0 kept"
