use super::digest_of;

#[test]
fn the_digest_of_a_world_is_found_among_others() {
    let stamped = "konf:policy/tariff@1.0.0=sha256:aa, konf:policy/admission@1.2.0=sha256:bb";
    assert_eq!(digest_of(stamped, "tariff"), "sha256:aa");
    assert_eq!(digest_of(stamped, "admission"), "sha256:bb");
    assert_eq!(digest_of(stamped, "adm"), "");
    for none in ["", ",", "=", "konf:policy/tariff", "other/tariff@1=sha256:aa"] {
        assert_eq!(digest_of(none, "tariff"), "", "{none}");
    }
}
