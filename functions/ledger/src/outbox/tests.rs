use super::scrubbed;

#[test]
fn addresses_and_long_numbers_do_not_stay_in_an_error() {
    assert_eq!(scrubbed("554 to=<a@b.cz>, queue 12345"), "554 …@… queue 12345");
    assert_eq!(scrubbed("number=+420606123456 invalid"), "number=+•••••••••••• invalid");
    assert_eq!(scrubbed(&"x".repeat(1000)).len(), 200);
}
