use super::equal;

#[test]
fn a_code_is_right_when_it_is_the_very_secret() {
    let same = |code, secret| bool::from(equal(code, secret));
    assert!(same("123456", Some("123456")));
    let longer = "12345600000000000000";
    for code in ["", "12345", "1234567", "123457", "123456\0", longer] {
        assert!(!same(code, Some("123456")), "{code:?}");
    }
    // Nothing opens what has no secret.
    assert!(!same("", None));
    assert!(!same("\0", None));
}
