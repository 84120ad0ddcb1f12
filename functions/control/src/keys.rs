//! Keys of the control link for development: a certificate authority, control's certificate and one for each edge.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};

/// The name in control's certificate, which edges ask for.
pub const CONTROL_NAME: &str = "konf-control";

/// Writes `ca.pem`, `control.{pem,key}` and `NAME.{pem,key}` for each edge into `dir`; keeps what is there.
pub fn make(dir: &Path, edges: &[String]) -> Result<()> {
    let ready = ["ca.pem".to_owned(), "control.pem".to_owned(), "control.key".to_owned()]
        .into_iter()
        .chain(edges.iter().flat_map(|edge| [format!("{edge}.pem"), format!("{edge}.key")]))
        .all(|file| dir.join(file).exists());
    if ready {
        return Ok(());
    }
    fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
    let ca_key = KeyPair::generate()?;
    let mut params = CertificateParams::new(Vec::new())?;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.distinguished_name.push(DnType::CommonName, "Konf link, development");
    let ca = params.self_signed(&ca_key)?;
    write(&dir.join("ca.pem"), &ca.pem())?;
    let issuer = Issuer::new(params, ca_key);
    certificate(dir, "control", CONTROL_NAME, ExtendedKeyUsagePurpose::ServerAuth, &issuer)?;
    for edge in edges {
        certificate(dir, edge, edge, ExtendedKeyUsagePurpose::ClientAuth, &issuer)?;
    }
    Ok(())
}

fn certificate(
    dir: &Path,
    file: &str,
    name: &str,
    purpose: ExtendedKeyUsagePurpose,
    issuer: &Issuer<'_, KeyPair>,
) -> Result<()> {
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new(vec![name.to_owned()])?;
    params.distinguished_name.push(DnType::CommonName, name);
    params.extended_key_usages = vec![purpose];
    let certificate = params.signed_by(&key, issuer)?;
    write(&dir.join(format!("{file}.pem")), &certificate.pem())?;
    write(&dir.join(format!("{file}.key")), &key.serialize_pem())
}

/// Only the owner may read what is written.
fn write(path: &Path, text: &str) -> Result<()> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("cannot write {}", path.display()))?;
    file.write_all(text.as_bytes()).with_context(|| format!("cannot write {}", path.display()))
}
