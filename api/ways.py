"""What settings say of emails and push: by which ways members are told besides the inbox."""

from pathlib import Path

from api.settings import Settings, SettingsError
from community.notifications.sending import Ways
from community.notifications.smtp import SmtpMailer, StartTls, terms_of
from community.notifications.webpush import Pusher, VapidKey
from community.outbound.client import GuardedClient


def push_key_file(settings: Settings) -> Path:
    """Where the key is that pushes are signed with."""
    return settings.push_key_file or settings.data_dir / "push-key.pem"


def ways_of(settings: Settings, outbound: GuardedClient) -> Ways:
    """Emails where a mail server is stated, push where there is a key. Raises: SettingsError."""
    mailer = None
    if settings.smtp_url is not None:
        assert settings.mail_from is not None  # noqa: S101 - the settings refuse one without the other
        try:
            terms = terms_of(
                settings.smtp_url.get_secret_value(),
                settings.mail_from,
                StartTls(settings.smtp_starttls),
                str(settings.smtp_ca_file) if settings.smtp_ca_file is not None else None,
            )
        except ValueError as error:
            raise SettingsError(f"STARGUILD_SMTP_URL: {error}") from None
        mailer = SmtpMailer(terms)
    file, public_url = push_key_file(settings), settings.public_url
    pusher = None
    contact = settings.push_contact or (public_url if (public_url or "").startswith("https://") else None)
    if file.exists():
        if contact is None:
            raise SettingsError(
                "STARGUILD_PUSH_CONTACT: a push key is there, so state who push services reach, such as mailto:ops@club.example"
            )
        pusher = Pusher(VapidKey(file, contact), outbound)
    if public_url is None and settings.is_private:
        public_url = f"http://{settings.host}:{settings.port}"
    return Ways(mailer, pusher, public_url)
