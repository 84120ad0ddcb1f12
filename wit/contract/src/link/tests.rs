//! `wit/control.wit` and the types here say the same.

use std::collections::BTreeSet;

use serde_json::Value;
use wit_parser::{Resolve, Type, TypeDefKind, TypeId};

use super::*;
use crate::Msisdn;

fn wit() -> Resolve {
    let mut resolve = Resolve::default();
    resolve.push_str("control.wit", include_str!("../../../control.wit")).unwrap();
    resolve
}

fn type_named(resolve: &Resolve, name: &str) -> TypeId {
    let found = resolve.types.iter().find(|(_, def)| {
        def.name.as_deref() == Some(name) && !matches!(def.kind, TypeDefKind::Type(Type::Id(_)))
    });
    found.unwrap_or_else(|| panic!("control.wit has no {name}")).0
}

/// Panics where `value`, the JSON of one of our types, is not of the WIT type.
fn check(resolve: &Resolve, ty: &Type, value: &Value, at: &str) {
    let Type::Id(id) = ty else { return check_primitive(ty, value, at) };
    match &resolve.types[*id].kind {
        TypeDefKind::Type(inner) => check(resolve, inner, value, at),
        TypeDefKind::Option(inner) => {
            if !value.is_null() {
                check(resolve, inner, value, at);
            }
        }
        TypeDefKind::List(inner) => {
            let items = value.as_array().unwrap_or_else(|| panic!("{at}: no list"));
            items.iter().for_each(|item| check(resolve, inner, item, at));
        }
        TypeDefKind::Record(record) => {
            let object = value.as_object().unwrap_or_else(|| panic!("{at}: no record but {value}"));
            let named: BTreeSet<_> =
                record.fields.iter().map(|field| field.name.replace('-', "_")).collect();
            let ours: BTreeSet<_> = object.keys().cloned().collect();
            assert_eq!(named, ours, "{at}: fields of control.wit and of the type");
            for field in &record.fields {
                let name = field.name.replace('-', "_");
                check(resolve, &field.ty, &object[&name], &format!("{at}.{name}"));
            }
        }
        TypeDefKind::Enum(cases) => {
            let name = value.as_str().unwrap_or_else(|| panic!("{at}: no case but {value}"));
            assert!(
                cases.cases.iter().any(|case| case.name == name),
                "{at}: control.wit has no case {name}"
            );
        }
        TypeDefKind::Variant(variant) => {
            let (name, inner) = match value {
                Value::String(name) => (name.as_str(), None),
                Value::Object(one) => {
                    one.iter().next().map(|(k, v)| (k.as_str(), Some(v))).unwrap()
                }
                other => panic!("{at}: no case but {other}"),
            };
            let case = variant.cases.iter().find(|case| case.name == name);
            let case = case.unwrap_or_else(|| panic!("{at}: control.wit has no case {name}"));
            assert_eq!(case.ty.is_some(), inner.is_some(), "{at}.{name}: with or without a value");
            if let (Some(ty), Some(inner)) = (&case.ty, inner) {
                check(resolve, ty, inner, &format!("{at}.{name}"));
            }
        }
        other => panic!("{at}: {other:?} is not used in control.wit"),
    }
}

fn check_primitive(ty: &Type, value: &Value, at: &str) {
    let fits = match ty {
        Type::Bool => value.is_boolean(),
        Type::String => value.is_string(),
        Type::U32 | Type::U64 => value.is_u64(),
        Type::S32 | Type::S64 => value.is_i64(),
        other => panic!("{at}: {other:?} is not used in control.wit"),
    };
    assert!(fits, "{at}: {value} is no {ty:?}");
}

fn check_all(name: &str, values: &[Value]) {
    let resolve = wit();
    let id = type_named(&resolve, name);
    values.iter().for_each(|value| check(&resolve, &Type::Id(id), value, name));
    if let TypeDefKind::Variant(variant) = &resolve.types[id].kind {
        let shown: BTreeSet<_> = values
            .iter()
            .filter_map(|v| {
                v.as_str()
                    .or_else(|| v.as_object().and_then(|o| o.keys().next()).map(String::as_str))
            })
            .collect();
        let named: BTreeSet<_> = variant.cases.iter().map(|case| case.name.as_str()).collect();
        assert_eq!(named, shown, "{name}: every case of control.wit stands in this test");
    }
}

fn json(value: impl Serialize) -> Value {
    serde_json::to_value(value).unwrap()
}

fn window() -> Window {
    Window { start: UnixMs(0), end: UnixMs(60_000) }
}

fn conference() -> ConferenceNumber {
    ConferenceNumber::new("123456").unwrap()
}

fn caller() -> Caller {
    Caller {
        number: Msisdn::parse("606123456").ok(),
        network: "o2-mobile".into(),
        trunk: "o2".into(),
        mobile: true,
    }
}

/// With every value there, so that each is compared.
fn quality() -> Quality {
    Quality {
        packets_refused: Some(1),
        concealed_ms: Some(1),
        stretched_ms: Some(1),
        discarded_ms: Some(1),
        delay_ms: Some(1),
        round_trip_ms: Some(1),
        remote_loss_percent: Some(1),
        remote_jitter_us: Some(1),
        mos_x100: Some(441),
        mos_now_x100: Some(380),
        codec: Some("PCMA".into()),
        encrypted: Some(true),
        ..Quality::default()
    }
}

#[test]
fn an_older_edge_says_less_of_a_leg() {
    let said = r#"{"packets_received":1,"packets_lost":0,"packets_late":0,"jitter_us":5}"#;
    let quality: Quality = serde_json::from_str(said).unwrap();
    assert_eq!((quality.jitter_us, quality.mos_x100, quality.codec), (5, None, None));
}

fn left() -> LegLeft {
    LegLeft {
        leg: LegId(1),
        caller: caller(),
        grant: Some(GrantId("g".into())),
        conference: Some(conference()),
        booking: Some("b".into()),
        role: Some(Role::Organiser),
        answered: UnixMs(0),
        joined: Some(UnixMs(1)),
        ended: UnixMs(2),
        duration_ms: 2,
        end: LegEnd { reason: EndReason::HungUp, who: Party::Caller, detail: Some("BYE".into()) },
        quality: Some(Box::new(quality())),
    }
}

fn room() -> RoomStatus {
    let leg = LegStatus {
        leg: LegId(1),
        caller: "+420…456".into(),
        role: Role::Participant,
        muted: false,
        joined: Some(UnixMs(1)),
        quality: Some(quality()),
        hand: Some(1),
        level_dbov: Some(-30),
        speaking: Some(true),
        suppressed_db: Some(15),
        remote: Some("192.0.2.1:4000".into()),
        local: Some("192.0.2.2:4000".into()),
    };
    RoomStatus {
        conference: conference(),
        booking: "b".into(),
        window: window(),
        seats: 10,
        locked: false,
        legs: vec![leg],
        mode: Some(RoomMode::Questions),
    }
}

#[test]
fn what_an_edge_says_is_what_control_wit_says() {
    let hello =
        Hello { protocol: 1, edge: "e".into(), boot: "b".into(), version: "1".into(), capacity: 1 };
    let credentials = Some(KeyedCredentials { number: "1".into(), code: "2".into() });
    let joined = LegJoined {
        leg: LegId(1),
        grant: GrantId("g".into()),
        conference: conference(),
        joined: UnixMs(1),
    };
    let empty = RecordEvent::RoomEmpty {
        conference: conference(),
        booking: "b".into(),
        closed: Some(true),
    };
    let events = [RecordEvent::LegJoined(joined), RecordEvent::LegLeft(left()), empty];
    let records =
        events.into_iter().map(|event| Record { sequence: 1, at: UnixMs(1), event }).collect();
    check_all(
        "edge-call",
        &[
            json(EdgeCall::Hello(hello)),
            json(EdgeCall::Admit(AdmissionRequest {
                leg: LegId(1),
                caller: caller(),
                credentials,
            })),
            json(EdgeCall::Extend(ExtensionRequest {
                conference: conference(),
                booking: "b".into(),
                end: UnixMs(1),
                by_organiser: true,
            })),
            json(EdgeCall::Records(RecordBatch { edge: "e".into(), boot: "b".into(), records })),
            json(EdgeCall::Heartbeat(Heartbeat { at: UnixMs(1), legs: 1, rooms: vec![room()] })),
        ],
    );
}

#[test]
fn what_control_answers_is_what_control_wit_says() {
    let grant = Grant {
        grant: GrantId("g".into()),
        booking: "b".into(),
        conference: conference(),
        seats: 10,
        window: window(),
        language: Language::Cs,
        role: Role::Participant,
        leg_limit_s: Some(4200),
        returning: true,
        former_leg: Some(LegId(1)),
        policy: "sha256:".into(),
        keys: Some(vec![KeyBinding { keys: "*4".into(), action: "mute".into() }]),
    };
    check_all(
        "denial",
        &[
            json(Denial::Unknown),
            json(Denial::NotYet { starts: UnixMs(1), language: Language::En }),
            json(Denial::Ended { language: Language::En }),
            json(Denial::Full { language: Language::En }),
            json(Denial::TooManyTries),
            json(Denial::Unavailable),
        ],
    );
    check_all(
        "admission",
        &[
            json(Admission::Granted(grant)),
            json(Admission::Denied(Denial::Unknown)),
            json(Admission::NoSeatHeld),
        ],
    );
    check_all(
        "control-reply",
        &[
            json(ControlReply::Welcome(Welcome { protocol: 1, now: UnixMs(1) })),
            json(ControlReply::Admission(Admission::NoSeatHeld)),
            json(ControlReply::Extension(ExtensionReply::Extended { end: UnixMs(1) })),
            json(ControlReply::Acknowledged(RecordAck { boot: "b".into(), through: 1 })),
            json(ControlReply::Noted),
            json(ControlReply::Failed { reason: "r".into(), retry: true }),
        ],
    );
    check_all(
        "extension-reply",
        &[
            json(ExtensionReply::Extended { end: UnixMs(1) }),
            json(ExtensionReply::Refused { end: UnixMs(1) }),
        ],
    );
}

#[test]
fn what_control_asks_is_what_control_wit_says() {
    check_all(
        "control-call",
        &[
            json(ControlCall::Rooms),
            json(ControlCall::Close { conference: conference() }),
            json(ControlCall::Drop { conference: conference(), leg: LegId(1) }),
            json(ControlCall::MuteAll { conference: conference(), muted: true }),
            json(ControlCall::Lock { conference: conference(), locked: true }),
            json(ControlCall::Mute { conference: conference(), leg: LegId(1), muted: true }),
            json(ControlCall::Mode { conference: conference(), mode: RoomMode::Lecture }),
            json(ControlCall::Extend { conference: conference() }),
        ],
    );
    check_all(
        "edge-reply",
        &[json(EdgeReply::Rooms(vec![room()])), json(EdgeReply::Done), json(EdgeReply::NotFound)],
    );
}
