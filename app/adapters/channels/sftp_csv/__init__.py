"""CSV files over SFTP, in the columns of the supplier's own system."""

from app.adapters.channels.sftp_csv.adapter import SftpCsv

ADAPTER = SftpCsv()
