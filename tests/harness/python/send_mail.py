"""A mail program: sends standard input by smtplib and prints what the server says in the end."""

import smtplib
import ssl
import sys

port, protocol, is_encrypted, sender, recipient = sys.argv[1:]
client = (smtplib.LMTP if protocol == "lmtp" else smtplib.SMTP)("127.0.0.1", int(port), timeout=15)
try:
    if is_encrypted == "tls":
        # The certificate is the tests' own.
        context = ssl._create_unverified_context()
        client.starttls(context=context)
    message = sys.stdin.buffer.read()
    client.sendmail(sender, recipient, message)
    print("taken")
except smtplib.SMTPRecipientsRefused as refused:
    code, text = refused.recipients[recipient]
    print(code, text.decode())
except smtplib.SMTPResponseException as refused:
    text = refused.smtp_error
    print(refused.smtp_code, text.decode() if isinstance(text, bytes) else text)
finally:
    client.close()
