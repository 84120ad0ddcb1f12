//! Who may read statements: whoever shows the operator's token.

/// Whether `authorization` is `Bearer TOKEN`. Takes the same time for every wrong token of the right length. An empty
/// token opens nothing.
pub fn allowed(authorization: Option<&[u8]>, token: &str) -> bool {
    let shown = authorization.and_then(bearer);
    !token.is_empty() && shown.is_some_and(|shown| same(shown, token.as_bytes()))
}

/// The scheme is compared without case (RFC 9110, 11.1).
fn bearer(authorization: &[u8]) -> Option<&[u8]> {
    let (scheme, rest) = authorization.split_at_checked(b"Bearer ".len())?;
    scheme.eq_ignore_ascii_case(b"Bearer ").then_some(rest)
}

fn same(a: &[u8], b: &[u8]) -> bool {
    let different = a.iter().zip(b).fold(0, |sum, (a, b)| sum | (a ^ b));
    a.len() == b.len() && std::hint::black_box(different) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_token_opens() {
        assert!(allowed(Some(b"Bearer s3cret"), "s3cret"));
        assert!(allowed(Some(b"bearer s3cret"), "s3cret"));
        for shown in
            ["", "Bearer", "Bearer ", "Bearer s3cre", "Bearer s3cret2", "Basic s3cret", "s3cret"]
        {
            assert!(!allowed(Some(shown.as_bytes()), "s3cret"), "{shown}");
        }
        assert!(!allowed(None, "s3cret"));
    }

    #[test]
    fn without_a_configured_token_nobody_gets_in() {
        assert!(!allowed(Some(b"Bearer "), ""));
        assert!(!allowed(Some(b"Bearer x"), ""));
    }
}
