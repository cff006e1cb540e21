//! Against a server that speaks as IBC's does, on a real socket.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use super::ibc::{Config, IbcCommand, IbcError, give};

/// A command server for one connection; returns where it listens, and the commands it was given.
fn server(
    behave: impl FnOnce(&mut TcpStream, &mut dyn FnMut() -> Option<String>) + Send + 'static,
) -> (SocketAddr, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, commands) = mpsc::sync_channel(64);
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
        behave(&mut stream, &mut || {
            let line = lines.next()?.ok()?;
            sender.send(line.clone()).ok()?;
            Some(line)
        });
    });
    (address, commands)
}

/// IBC as it is: a greeting and a prompt if set, then an answer for each command.
fn ibc(greeting: bool, prompt: &'static str) -> (SocketAddr, mpsc::Receiver<String>) {
    server(move |stream, command| {
        if greeting {
            writeln!(stream, "INFO IBC Command Server").unwrap();
        }
        write!(stream, "{prompt}").unwrap();
        while let Some(line) = command() {
            let gone = match line.to_uppercase().as_str() {
                "EXIT" => {
                    let _gone = writeln!(stream, "OK Goodbye");
                    return;
                }
                "RESTART" => {
                    writeln!(stream, "OK Restart in progress").unwrap();
                    return;
                }
                "RECONNECTDATA" => writeln!(stream, "OK "),
                _ => writeln!(stream, "ERROR Command invalid"),
            };
            gone.unwrap();
            // The prompt follows each answer.
            let _gone = write!(stream, "{prompt}");
        }
    })
}

async fn ask(address: SocketAddr, command: IbcCommand) -> Result<String, IbcError> {
    give(address, command, Duration::from_secs(20)).await
}

#[tokio::test]
async fn commands_are_given_and_answers_read_with_and_without_greeting_and_prompt() {
    for (greeting, prompt) in [
        (false, ""),
        (true, ""),
        (true, "IBC> "),
        (false, "what is your wish? "),
    ] {
        let (address, commands) = ibc(greeting, prompt);
        assert_eq!(ask(address, IbcCommand::ReconnectData).await.unwrap(), "");
        assert_eq!(commands.recv().unwrap(), "RECONNECTDATA");
        assert_eq!(commands.recv().unwrap(), "EXIT");
        let (address, _commands) = ibc(greeting, prompt);
        assert_eq!(
            ask(address, IbcCommand::Restart).await.unwrap(),
            "Restart in progress"
        );
        let (address, _commands) = ibc(greeting, prompt);
        let refused = ask(address, IbcCommand::ReconnectAccount).await.unwrap_err();
        assert!(
            refused
                .to_string()
                .contains("refused RECONNECTACCOUNT: Command invalid"),
            "{refused}"
        );
    }
}

#[tokio::test]
async fn an_answer_may_come_byte_by_byte() {
    let (address, _commands) = server(|stream, command| {
        command();
        for byte in b"IBC> INFO one moment\r\nOK done\r\n" {
            stream.write_all(&[*byte]).unwrap();
            stream.flush().unwrap();
        }
        command();
    });
    assert_eq!(ask(address, IbcCommand::ReconnectData).await.unwrap(), "done");
}

#[tokio::test]
async fn silence_ends_at_the_deadline() {
    let (address, _commands) = server(|_, command| while command().is_some() {});
    let begun = Instant::now();
    let error = give(address, IbcCommand::Restart, Duration::from_millis(100))
        .await
        .unwrap_err();
    assert!(matches!(error, IbcError::Silent { .. }), "{error}");
    assert!(begun.elapsed() < Duration::from_secs(10));
    assert!(error.to_string().contains("RESTART"), "{error}");
}

#[tokio::test]
async fn whoever_is_not_ibc_is_told_from_it() {
    let (address, _commands) = server(|stream, command| {
        command();
        stream
            .write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n\xff\xfe")
            .unwrap();
    });
    let error = ask(address, IbcCommand::ReconnectData).await.unwrap_err();
    assert!(error.to_string().contains("HTTP/1.1 400"), "{error}");
    // A flood without a line has an end.
    let (address, _commands) = server(|stream, command| {
        command();
        while stream.write_all(&[b'x'; 4096]).is_ok() {}
    });
    let error = ask(address, IbcCommand::ReconnectData).await.unwrap_err();
    assert!(
        matches!(error, IbcError::Strange { .. } | IbcError::Broken { .. }),
        "{error}"
    );
}

#[tokio::test]
async fn a_closed_port_and_a_host_that_is_not_allowed_are_said_clearly() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = ask(closed, IbcCommand::ReconnectData).await.unwrap_err();
    assert!(error.to_string().contains("CommandServerPort"), "{error}");
    // IBC closes connections of hosts outside ControlFrom without a word.
    let (address, _commands) = server(|_, command| {
        command();
    });
    let error = ask(address, IbcCommand::ReconnectData).await.unwrap_err();
    assert!(error.to_string().contains("ControlFrom"), "{error}");
}

#[test]
fn another_machine_must_be_meant() {
    let config: Config = toml::from_str("address = \"10.0.0.5:7462\"").unwrap();
    assert_eq!(config.check().unwrap_err().0, "ibc.address");
    let config: Config = toml::from_str("address = \"10.0.0.5:7462\"\nallow_remote = true").unwrap();
    assert!(config.check().is_ok());
    let config: Config = toml::from_str("address = \"127.0.0.1:7462\"").unwrap();
    assert!(config.check().is_ok());
    assert!(Config::default().address.is_none());
}
