"""`starguild push-key`."""

from api.cli.options import JsonOption
from api.cli.report import BadInput, reporting
from api.settings import load_settings


def push_key(as_json: JsonOption = False) -> None:
    """Make the key that pushes to browsers are signed with; needs no server. Browsers subscribe by it, so it stays."""
    from api.ways import push_key_file
    from community.notifications.webpush import VapidKey, make_key

    with reporting(as_json=as_json) as report:
        file = push_key_file(load_settings())
        try:
            make_key(file)
        except FileExistsError as error:
            raise BadInput(f"{file} holds a key: browsers have subscribed by it") from error
        except OSError as error:
            raise BadInput(f"{file}: {error}") from error
        public = VapidKey(file, "").public
        report.show(f"Pushes are signed with {file}; browsers subscribe by {public}. Keep the file safe.")
        report.result({"file": str(file), "publicKey": public})
