//! Keys of the control link for development: a certificate authority, control's certificate and one for each edge.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};

/// The name in control's certificate, which edges ask for.
pub const CONTROL_NAME: &str = "konf-control";

/// Writes `ca.pem`, `control.{pem,key}` and `NAME.{pem,key}` for each edge into `dir`; does nothing when all of them are
/// there. The authority's key is thrown away, so nothing can be added later: a folder that has other keys is refused,
/// for new ones would cut the edges that use them.
pub fn make(dir: &Path, edges: &[String]) -> Result<()> {
    let files: Vec<_> = ["ca.pem".to_owned(), "control.pem".to_owned(), "control.key".to_owned()]
        .into_iter()
        .chain(edges.iter().flat_map(|edge| [format!("{edge}.pem"), format!("{edge}.key")]))
        .map(|file| dir.join(file))
        .collect();
    if files.iter().all(|file| file.exists()) {
        return Ok(());
    }
    if let Some(there) = files.iter().find(|file| file.exists()) {
        bail!(
            "{} is there, but not all that was asked for: name a new folder and all edges, or remove the old keys",
            there.display()
        );
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_made_once_and_never_changed_under_an_edge_that_uses_them() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("link");
        let read = || fs::read(dir.join("ca.pem")).unwrap();
        make(&dir, &["edge-1".to_owned()]).unwrap();
        let before = read();
        make(&dir, &["edge-1".to_owned()]).unwrap();
        let refused = make(&dir, &["edge-1".to_owned(), "edge-2".to_owned()]).unwrap_err();
        assert!(refused.to_string().contains("name a new folder"), "{refused}");
        assert!(make(&dir, &["edge-2".to_owned()]).is_err());
        assert_eq!(read(), before);
    }
}
