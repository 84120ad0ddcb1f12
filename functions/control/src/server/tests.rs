use std::sync::atomic::{AtomicBool, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;

/// Answers after a while, and says that it has begun.
#[derive(Default)]
struct Slow {
    begun: AtomicBool,
}

impl Handler for Slow {
    async fn handle(&self, _: Request<Bytes>) -> Response<Bytes> {
        self.begun.store(true, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(200)).await;
        Response::new(Bytes::from_static(b"whole"))
    }
}

async fn ask(address: SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(b"GET / HTTP/1.1\r\nhost: here\r\n\r\n").await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

#[tokio::test]
async fn a_request_that_was_taken_is_answered_when_control_goes_down_and_then_no_more() {
    let listener = bind("test", "127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopping) = watch::channel(false);
    let slow = Arc::new(Slow::default());
    let serving = tokio::spawn(serve(listener, slow.clone(), stopping));
    let asked = tokio::spawn(ask(address));
    while !slow.begun.load(Ordering::SeqCst) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    stop.send(true).unwrap();
    // The connection is kept alive by its client and ends all the same, once it is answered.
    let answer = tokio::time::timeout(Duration::from_secs(5), asked).await.unwrap().unwrap();
    assert!(answer.unwrap().ends_with("whole"));
    tokio::time::timeout(Duration::from_secs(5), serving).await.unwrap().unwrap();
    assert!(ask(address).await.is_err());
}

#[test]
fn every_answer_tells_browsers_to_be_careful_and_what_its_maker_said_stays() {
    let mut page = Response::new(Bytes::new());
    let own = HeaderValue::from_static("default-src 'self'");
    page.headers_mut().insert(header::CONTENT_SECURITY_POLICY, own.clone());
    let page = guarded(page);
    assert_eq!(page.headers()[header::CONTENT_SECURITY_POLICY], own);
    assert_eq!(page.headers()[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
    let plain = guarded(json(StatusCode::OK, &1));
    assert!(plain.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap().contains("'none'"));
    assert_eq!(plain.headers()[header::CACHE_CONTROL], "no-store");
}
