//! Numbers for Prometheus, written the same way by both halves (its text format, version 0.0.4).
//!
//! A label has few values, all of them written in the source: never a number of a conference or a telephone, a name, an
//! address. `infra/dashboards/README.md` names every number.

use std::fmt::{Display, Write as _};

/// What an answer with such a text says of itself.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The page that is being written.
#[derive(Debug, Default)]
pub struct Page(String);

impl Page {
    /// A number that only grows while the process runs.
    pub fn counter(&mut self, name: &str, help: &str, value: impl Display) {
        self.family(name, help, "counter");
        self.sample(name, &[], value);
    }

    /// Counters of one name, told apart by labels.
    pub fn counters<const N: usize>(
        &mut self,
        name: &str,
        help: &str,
        samples: impl IntoIterator<Item = ([(&'static str, &'static str); N], u64)>,
    ) {
        self.family(name, help, "counter");
        for (labels, value) in samples {
            self.sample(name, &labels, value);
        }
    }

    /// A number as it is now.
    pub fn gauge(&mut self, name: &str, help: &str, value: impl Display) {
        self.family(name, help, "gauge");
        self.sample(name, &[], value);
    }

    /// Always 1: what stands in its label is what is said. The value may come from anywhere.
    pub fn info(&mut self, name: &str, help: &str, label: &'static str, value: &str) {
        self.family(name, help, "gauge");
        self.sample(name, &[(label, value)], 1);
    }

    /// `counts` are those up to each of `bounds` and beyond the one before, and at last those beyond all.
    pub fn histogram(&mut self, name: &str, help: &str, bounds: &[f64], counts: &[u64], sum: f64) {
        self.family(name, help, "histogram");
        let bucket = format!("{name}_bucket");
        let mut below = 0;
        for (at, count) in counts.iter().enumerate() {
            below += count;
            let bound = bounds.get(at).map_or("+Inf".to_owned(), f64::to_string);
            self.sample(&bucket, &[("le", &bound)], below);
        }
        self.sample(&format!("{name}_sum"), &[], sum);
        self.sample(&format!("{name}_count"), &[], below);
    }

    pub fn into_text(self) -> String {
        self.0
    }

    fn family(&mut self, name: &str, help: &str, kind: &str) {
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) {
        let labels: Vec<String> =
            labels.iter().map(|(label, value)| format!("{label}=\"{}\"", escaped(value))).collect();
        let _ = match labels.is_empty() {
            true => writeln!(self.0, "{name} {value}"),
            false => writeln!(self.0, "{name}{{{}}} {value}", labels.join(",")),
        };
    }
}

fn escaped(value: &str) -> String {
    value.replace('\\', r"\\").replace('"', "\\\"").replace('\n', r"\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_what_prometheus_reads() {
        let mut page = Page::default();
        page.counters("a_total", "Help.", [([("kind", "x"), ("by", "y")], 3)]);
        page.gauge("b", "Help.", 1.5);
        page.info("c_info", "Help.", "version", "1\"\\\n");
        page.histogram("d_seconds", "Help.", &[0.5, 1.0], &[2, 0, 1], 3.25);
        let expected = "# HELP a_total Help.
# TYPE a_total counter
a_total{kind=\"x\",by=\"y\"} 3
# HELP b Help.
# TYPE b gauge
b 1.5
# HELP c_info Help.
# TYPE c_info gauge
c_info{version=\"1\\\"\\\\\\n\"} 1
# HELP d_seconds Help.
# TYPE d_seconds histogram
d_seconds_bucket{le=\"0.5\"} 2
d_seconds_bucket{le=\"1\"} 2
d_seconds_bucket{le=\"+Inf\"} 3
d_seconds_sum 3.25
d_seconds_count 3
";
        assert_eq!(page.into_text(), expected);
    }
}
