use super::*;

fn edge(id: &str, capacity: u32, free: u32) -> Edge {
    Edge { id: id.to_owned(), labels: Vec::new(), capacity, free, free_after_min: 0 }
}

/// An hour for ten.
fn chosen(edges: &[Edge]) -> String {
    let facts = Facts {
        now_ms: 1_814_875_200_000,
        starts_ms: 1_815_134_400_000,
        ends_ms: 1_815_138_000_000,
        seats: 10,
        language: Language::Cs,
        edges: edges.to_vec(),
    };
    choose(&facts).to_owned()
}

#[test]
fn a_conference_goes_to_the_edge_that_is_least_loaded_for_its_size() {
    assert_eq!(chosen(&[edge("big", 400, 300), edge("small", 50, 45)]), "small");
    assert_eq!(chosen(&[edge("big", 400, 390), edge("small", 50, 45)]), "big");
}

#[test]
fn of_two_equal_edges_the_first_by_name_is_taken() {
    assert_eq!(chosen(&[edge("b", 10, 10), edge("a", 10, 10)]), "a");
    assert_eq!(chosen(&[edge("b", 20, 10), edge("a", 40, 20)]), "a");
}

#[test]
fn labels_and_what_comes_after_make_no_difference() {
    let labels = vec!["prague".to_owned()];
    let liked = Edge { labels, free_after_min: 120, ..edge("b", 10, 10) };
    assert_eq!(chosen(&[liked, edge("a", 10, 10)]), "a");
}

#[test]
fn without_edges_there_is_no_choice() {
    assert_eq!(chosen(&[]), "");
}
