use std::{
    io::{ErrorKind, Read, Write},
    net::{SocketAddr, TcpStream},
    time::{Duration, Instant},
};

use super::{Cut, Reply, Sink};
use crate::http::{Answer, Client};

const SOON: Duration = Duration::from_secs(10);

fn address(sink: &Sink) -> SocketAddr {
    sink.url("").trim_start_matches("http://").parse().unwrap()
}

fn post(sink: &Sink, path: &str) -> std::io::Result<Answer> {
    Client::connect(address(sink))?.send("POST", path, &[("webhook-id", "d1")], b"{\"n\": 1}")
}

#[test]
fn answers_follow_the_rule_and_the_last_one_stays() {
    let sink = Sink::start();
    sink.on("/a", [Reply::Status(503), Reply::Status(500), Reply::Status(200)]);
    let statuses = [(); 4].map(|()| post(&sink, "/a").unwrap().status);
    assert_eq!(statuses, [503, 500, 200, 200]);
    assert_eq!(post(&sink, "/elsewhere").unwrap().status, 204);
}

#[test]
fn what_arrives_is_recorded_in_order() {
    let sink = Sink::start();
    let mut client = Client::connect(address(&sink)).unwrap();
    for path in ["/a", "/b", "/a"] {
        client.send("POST", path, &[("Webhook-Id", path)], b"{\"n\": 7}").unwrap();
    }
    let received = sink.wait_for("/a", 2, SOON);
    assert_eq!(received[0].webhook_id(), "/a");
    assert_eq!(received[1].json()["n"], 7);
    assert_eq!(sink.look(|all| all[1].path.clone()), "/b");
    assert_eq!(sink.count(), 3);
}

#[test]
fn retry_after_and_redirect_are_headers() {
    let sink = Sink::start();
    sink.on("/later", [Reply::RetryAfter(429, 7)]);
    sink.on("/away", [Reply::Redirect("http://elsewhere/".to_owned())]);
    let later = post(&sink, "/later").unwrap();
    assert_eq!((later.status, later.header("retry-after")), (429, Some("7")));
    let away = post(&sink, "/away").unwrap();
    assert_eq!((away.status, away.header("location")), (302, Some("http://elsewhere/")));
}

#[test]
fn a_reset_is_seen_as_one() {
    let sink = Sink::start();
    sink.on("/a", [Reply::Reset]);
    assert_eq!(post(&sink, "/a").unwrap_err().kind(), ErrorKind::ConnectionReset);
}

#[test]
fn an_answer_breaks_where_it_is_told() {
    let sink = Sink::start();
    let cuts = [Cut::Status, Cut::Head, Cut::Body, Cut::Within];
    sink.on("/a", cuts.map(|cut| Reply::Broken(200, cut)));
    let ends = ["HTTP/1", "text/plain", "\r\n\r\n", "not a hundred"];
    for end in ends {
        let mut stream = raw_request(&sink, "/a", SOON);
        let mut said = Vec::new();
        let broken = stream.read_to_end(&mut said).unwrap_err().kind();
        let said = String::from_utf8(said).unwrap();
        assert_eq!(broken, ErrorKind::ConnectionReset);
        assert!(said.ends_with(end), "{said}");
    }
}

#[test]
fn a_sink_may_listen_at_many_addresses_and_close_after_each_answer() {
    let sink = Sink::start_everywhere();
    sink.on("/a", [Reply::Parting(204)]);
    for n in [1, 700] {
        let address = sink.url_at(n, "").trim_start_matches("http://").parse().unwrap();
        let mut client = Client::connect(address).unwrap();
        assert_eq!(client.send("POST", "/a", &[], b"").unwrap().header("connection"), Some("close"));
        assert!(client.send("POST", "/a", &[], b"").is_err());
    }
}

#[test]
fn a_close_is_an_end_without_an_answer() {
    let sink = Sink::start();
    sink.on("/a", [Reply::Close]);
    assert_eq!(post(&sink, "/a").unwrap_err().kind(), ErrorKind::UnexpectedEof);
}

#[test]
fn a_refusing_address_refuses() {
    let url = Sink::refusing("");
    let address: SocketAddr = url.trim_start_matches("http://").parse().unwrap();
    assert_eq!(TcpStream::connect(address).unwrap_err().kind(), ErrorKind::ConnectionRefused);
}

#[test]
fn a_hanging_request_gets_no_byte() {
    let sink = Sink::start();
    sink.on("/a", [Reply::Hang]);
    let mut stream = raw_request(&sink, "/a", Duration::from_millis(300));
    assert!(matches!(stream.read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut));
    assert_eq!(sink.wait_for("/a", 1, SOON).len(), 1);
}

#[test]
fn a_dripping_answer_comes_byte_by_byte() {
    let sink = Sink::start();
    sink.on("/a", [Reply::Drip(Duration::from_millis(20))]);
    let mut stream = raw_request(&sink, "/a", SOON);
    let begun = Instant::now();
    stream.read_exact(&mut [0; 10]).unwrap();
    assert!(begun.elapsed() > Duration::from_millis(150), "10 bytes came after {:?}", begun.elapsed());
}

#[test]
fn dropping_a_sink_frees_whoever_hangs() {
    let sink = Sink::start();
    sink.on("/a", [Reply::Hang]);
    let mut stream = raw_request(&sink, "/a", SOON);
    sink.wait_for("/a", 1, SOON);
    drop(sink);
    assert_eq!(stream.read(&mut [0]).unwrap_or(0), 0);
}

#[test]
fn thousands_of_requests_on_kept_connections_are_counted() {
    let sink = Sink::start();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let mut client = Client::connect(address(&sink)).unwrap();
                for _ in 0..500 {
                    client.send("POST", "/many", &[], b"{}").unwrap();
                }
            });
        }
    });
    assert_eq!(sink.received("/many").len(), 4000);
}

fn raw_request(sink: &Sink, path: &str, patience: Duration) -> TcpStream {
    let mut stream = TcpStream::connect(address(sink)).unwrap();
    stream.set_read_timeout(Some(patience)).unwrap();
    write!(stream, "POST {path} HTTP/1.1\r\nContent-Length: 0\r\n\r\n").unwrap();
    stream
}
