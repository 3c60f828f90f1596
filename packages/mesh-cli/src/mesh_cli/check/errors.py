"""What cannot be read while checking."""


class CheckError(Exception):
    """Facts that cannot be used; the text says what, where and what to do."""


class UnusableCertificate(CheckError):
    """A certificate, key or bundle that nobody could use."""


class UnusableConfiguration(CheckError):
    """Settings of the installation that nobody could use."""
