//! Control: joins host, ledger, link, mail and the command line.
