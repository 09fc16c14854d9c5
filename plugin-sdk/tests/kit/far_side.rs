//! The far side itself, against what RFC 9112 says.

use std::{
    io::{ErrorKind, Read, Write},
    net::TcpStream,
};

use nuncio_plugin_sdk::testing::{Does, Peer, Server};

/// What comes back when `request` is written to a server that does this.
fn answered(server: &Server, request: &str) -> String {
    let mut stream = TcpStream::connect(server.address()).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

const LENGTH: &str = "POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello";
/// The chunked body of section 7.1 with an extension.
const CHUNKED: &str = "POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n0\r\n\r\n";

#[test]
fn each_request_of_a_connection_has_its_answer() {
    let server = Server::start(&Peer::http(), Does::Answers);
    let answer = answered(&server, &format!("{LENGTH}{CHUNKED}{LENGTH}"));
    assert_eq!(answer, "HTTP/1.1 204 Kit\r\n\r\n".repeat(3));
    assert_eq!((server.connections(), server.requests()), (1, 3));
    assert!(server.saw("5;x=y") && !server.saw("goodbye"));
}

#[test]
fn a_success_may_have_a_body_and_other_statuses_what_belongs_to_them() {
    let peer = Peer::Http { content_type: "application/json".to_owned(), body: "{\"id\":7}".to_owned() };
    let server = Server::start(&peer, Does::Slow);
    let whole = "HTTP/1.1 200 Kit\r\ncontent-type: application/json\r\ncontent-length: 8\r\n\r\n{\"id\":7}";
    assert_eq!(answered(&server, LENGTH), whole);
    server.does(Does::Status(429));
    assert_eq!(answered(&server, LENGTH), "HTTP/1.1 429 Kit\r\nretry-after: 17\r\ncontent-length: 0\r\n\r\n");
    server.does(Does::Status(301));
    assert!(answered(&server, LENGTH).contains("\r\nlocation: /kit-elsewhere\r\n"));
}

#[test]
fn a_server_refuses_and_resets_when_it_is_told_to() {
    let server = Server::start(&Peer::http(), Does::Refuses);
    assert_eq!(TcpStream::connect(server.address()).unwrap_err().kind(), ErrorKind::ConnectionRefused);
    let server = Server::start(&Peer::http(), Does::Resets);
    let mut stream = TcpStream::connect(server.address()).unwrap();
    stream.write_all(LENGTH.as_bytes()).unwrap();
    assert_eq!(stream.read(&mut [0; 8]).unwrap_err().kind(), ErrorKind::ConnectionReset);
}
