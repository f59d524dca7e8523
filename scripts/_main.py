"""The `anamnesis` command: one subcommand for each file in this folder, imported when it is used.

The table below is all that `anamnesis --help` needs, so it answers at once.
"""

import importlib
from collections.abc import Sequence

import click

COMMANDS: dict[str, str] = {
    "demo": "Run the whole story on sample paper, then serve the dapp.",
    "up": "Start the local stack: chain, IPFS node, reading service, dapp.",
    "read": "Read paper: text and word boxes for each page.",
    "summarize": "Paper to one history: one page (HTML, PDF), emergency card, FHIR, facts.",
    "correct": "Say that a fact is wrong, right or incomplete; outlives every run.",
    "forget": "Delete what reading kept of some paper, or of all.",
    "publish": "Seal a history, store it, commit to it; resumes where it was cut off.",
    "samples": "Make the sample paper and its truth.",
    "deploy": "Deploy the Consent contract, or verify the one that stands.",
    "audit": "Replay the chain: who could read what, when, on whose word.",
    "request": "Ask a patient for access, with a doctor's wallet.",
    "requests": "Who asks for access, why and until when.",
    "grant": "Answer a request: wrap the record's key for the reader, and grant.",
    "revoke": "Take a reader's access back, or everybody's.",
    "open": "Read a patient's history: a receipt on the chain, then the sealed bytes.",
    "guardians": "Name who can give you a lost record back; as one of them, help.",
    "licence": "Say who is a licensed clinician, and on whose word.",
    "wallet": "Say whose account a wallet file is, or make one.",
    "emergency": "Allow, open, refuse, read: for a patient who cannot be asked.",
    "custodian": "Keep a share of a patient's emergency key; hand it over in a case.",
    "vault": "Rotate, erase, export, import and verify what is sealed.",
    "crash": "Kill the parts at random moments, see that nothing acknowledged is lost.",
    "walk": "Call the contracts at random and hold them against their model.",
    "coverage": "Say which lines and branches of the contracts run in the walk.",
    "mutate": "Break the contracts on purpose, and see whether the walk notices.",
    "hostile": "Read hundreds of hostile and broken files, see that nothing breaks.",
    "doctor": "Check the installation and say what to do.",
}


class LazyGroup(click.Group):
    """A group whose commands are imported only when one of them is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"scripts.{cmd_name}").cli
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="anamnesis")
def group() -> None:
    """Anamnesis: paper in, one traceable history out, sealed and shared by consent.

    Data goes to stdout, talk to stderr; every command takes --json.
    """


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point of the `anamnesis` command."""
    group.main(args=None if arguments is None else list(arguments), prog_name="anamnesis")
