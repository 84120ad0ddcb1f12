use std::sync::Mutex;

use codec::{Body, Pdu, status};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::config::Secret;

#[derive(Default)]
struct Kept(Mutex<Vec<inbound::Inbound>>);

impl Inbox for Kept {
    async fn take(&self, message: Message) -> u32 {
        self.0.lock().unwrap().push(inbound::understand(&message, UnixMs(0)));
        status::OK
    }
}

/// An SMSC of our own that speaks the same codec; how Konf gets on with another's is seen with the peers of the registries.
struct Smsc(TcpStream);

impl Smsc {
    async fn bound(listener: &TcpListener) -> Self {
        let mut smsc = Smsc(listener.accept().await.unwrap().0);
        let bind = smsc.hear().await;
        assert!(matches!(bind.body, Body::BindTransceiver { .. }), "{bind:?}");
        smsc.say(bind.sequence, Body::BindTransceiverResp).await;
        smsc
    }

    async fn hear(&mut self) -> Pdu {
        let mut bytes = Vec::new();
        loop {
            if let Some((pdu, _)) = codec::decode(&bytes).unwrap() {
                return pdu;
            }
            bytes.push(self.0.read_u8().await.unwrap());
        }
    }

    async fn say(&mut self, sequence: u32, body: Body) {
        let bytes = codec::encode(&Pdu { status: status::OK, sequence, body });
        self.0.write_all(&bytes).await.unwrap();
    }
}

struct Bench {
    listener: TcpListener,
    smpp: Smpp,
    kept: Arc<Kept>,
    stop: watch::Sender<bool>,
    running: tokio::task::JoinHandle<()>,
}

async fn bench() -> Bench {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (smpp, connector) = new(config::Smpp {
        address: listener.local_addr().unwrap().to_string(),
        system_id: "konf".to_owned(),
        password: Secret::new("secret"),
        from: "+420720002233".to_owned(),
        tls: false,
        ca: None,
    });
    let (stop, stopping) = watch::channel(false);
    let kept = Arc::new(Kept::default());
    let running = tokio::spawn(connector.run(kept.clone(), stopping));
    Bench { listener, smpp, kept, stop, running }
}

fn number() -> Msisdn {
    Msisdn::parse("606123456").unwrap()
}

#[tokio::test]
async fn messages_go_both_ways_over_one_bind_and_the_end_is_polite() {
    let bench = bench().await;
    let mut smsc = Smsc::bound(&bench.listener).await;
    let smpp = bench.smpp.clone();
    let sending = tokio::spawn(async move { smpp.send(&number(), "Žluťoučký").await });
    let submit = smsc.hear().await;
    let Body::SubmitSm(message) = submit.body else { panic!("{submit:?}") };
    assert_eq!((message.destination.text.as_str(), message.data_coding), ("420606123456", 8));
    assert_eq!(text::read(&message).unwrap().text, "Žluťoučký");
    smsc.say(submit.sequence, Body::SubmitSmResp { message_id: "m-1".to_owned() }).await;
    assert_eq!(sending.await.unwrap().unwrap().as_deref(), Some("m-1"));

    let (data_coding, payload) = text::write("konf 0907 1400 60 10");
    let order =
        Message { source: address("+420606123456"), data_coding, payload, ..Message::default() };
    smsc.say(7, Body::DeliverSm(order)).await;
    assert_eq!(smsc.hear().await, Pdu { status: 0, sequence: 7, body: Body::DeliverSmResp });
    let kept = bench.kept.0.lock().unwrap().remove(0);
    let inbound::Inbound::Message(message) = kept else { panic!("{kept:?}") };
    assert_eq!(message.text, "konf 0907 1400 60 10");

    bench.stop.send(true).unwrap();
    let unbind = smsc.hear().await;
    assert_eq!(unbind.body, Body::Unbind);
    smsc.say(unbind.sequence, Body::UnbindResp).await;
    bench.running.await.unwrap();
}

#[tokio::test]
async fn a_connection_that_breaks_leaves_unknown_what_was_sent_and_is_made_again() {
    let bench = bench().await;
    let mut smsc = Smsc::bound(&bench.listener).await;
    let smpp = bench.smpp.clone();
    let sending = tokio::spawn(async move { smpp.send(&number(), "PIN").await });
    smsc.hear().await;
    drop(smsc);
    let outcome = sending.await.unwrap();
    assert!(matches!(outcome, Err(Failure::Unknown(_))), "{outcome:?}");
    // Until it is back nothing is sent, and whoever sends hears that at once.
    let outcome = bench.smpp.send(&number(), "PIN").await;
    assert!(matches!(outcome, Err(Failure::NotReached(_))), "{outcome:?}");
    let mut smsc = Smsc::bound(&bench.listener).await;
    let smpp = bench.smpp.clone();
    let sending = tokio::spawn(async move { smpp.send(&number(), "PIN").await });
    let submit = smsc.hear().await;
    smsc.say(submit.sequence, Body::SubmitSmResp { message_id: "m-2".to_owned() }).await;
    assert_eq!(sending.await.unwrap().unwrap().as_deref(), Some("m-2"));
}
