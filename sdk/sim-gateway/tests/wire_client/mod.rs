//! A small blocking client of the wire protocol, with a deadline on everything it waits for.
#![allow(dead_code, reason = "each test binary uses the part it needs")]

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use prost::Message;
use sim_gateway::wire::frame;
use sim_gateway::wire::ids::{PROTOBUF_OFFSET, request, response};
use sim_gateway::wire::messages::contract::Contract;
use sim_gateway::wire::messages::market::MarketDataRequest;
use sim_gateway::wire::messages::order::{Order, OrderStatus, PlaceOrderRequest};
use sim_gateway::wire::messages::session::{ErrorMessage, NextValidId, StartApiRequest};

/// How long anything may take.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// A frame from the gateway: message number and body.
pub type Frame = (u32, Vec<u8>);

/// One connection.
pub struct Client {
    stream: TcpStream,
}

impl Client {
    /// Connects the socket and nothing more.
    pub fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream })
    }

    /// Connects and agrees on a version; returns it.
    pub fn greet(address: SocketAddr) -> io::Result<(Self, i32)> {
        let mut client = Self::open(address)?;
        client.write(&frame::hello_bytes(100, 226))?;
        let version = client.version()?;
        Ok((client, version))
    }

    /// Connects and starts the API; returns the next order id.
    pub fn start(address: SocketAddr, client_id: i32) -> io::Result<(Self, i32)> {
        let (mut client, _) = Self::greet(address)?;
        client.send(
            request::START_API,
            &StartApiRequest {
                client_id: Some(client_id),
                ..Default::default()
            },
        )?;
        let next = client.wait_for(response::NEXT_VALID_ID)?;
        let next = NextValidId::decode(next.as_slice()).unwrap().order_id.unwrap();
        client.wait_error(2158)?;
        Ok((client, next))
    }

    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)
    }

    pub fn send(&mut self, id: u32, message: &impl Message) -> io::Result<()> {
        let mut bytes = Vec::new();
        frame::protobuf(&mut bytes, id, message);
        self.write(&bytes)
    }

    /// The text of the version frame.
    fn version(&mut self) -> io::Result<i32> {
        let body = self.body()?;
        let text = String::from_utf8_lossy(&body).into_owned();
        text.split('\0')
            .next()
            .and_then(|version| version.parse().ok())
            .ok_or(io::ErrorKind::InvalidData.into())
    }

    fn body(&mut self) -> io::Result<Vec<u8>> {
        let mut length = [0; 4];
        self.stream.read_exact(&mut length)?;
        let length = u32::from_be_bytes(length) as usize;
        if length > frame::MAX_FRAME {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "absurd length"));
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body)?;
        Ok(body)
    }

    /// The next frame.
    pub fn next(&mut self) -> io::Result<Frame> {
        let body = self.body()?;
        let (id, body) = body.split_at_checked(4).ok_or(io::ErrorKind::InvalidData)?;
        let id = u32::from_be_bytes(id.try_into().unwrap());
        Ok((id - PROTOBUF_OFFSET, body.to_vec()))
    }

    /// Skips frames until one of this number comes.
    pub fn wait_for(&mut self, id: u32) -> io::Result<Vec<u8>> {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            let (got, body) = self.next()?;
            if got == id {
                return Ok(body);
            }
        }
        Err(io::ErrorKind::TimedOut.into())
    }

    /// Skips frames until this error comes.
    pub fn wait_error(&mut self, code: i32) -> io::Result<ErrorMessage> {
        loop {
            let error = ErrorMessage::decode(self.wait_for(response::ERROR)?.as_slice()).unwrap();
            if error.error_code == Some(code) {
                return Ok(error);
            }
        }
    }

    /// Skips frames until this order has this status.
    pub fn wait_status(&mut self, order: i32, status: &str) -> io::Result<OrderStatus> {
        loop {
            let told = OrderStatus::decode(self.wait_for(response::ORDER_STATUS)?.as_slice()).unwrap();
            if told.order_id == Some(order) && told.status.as_deref() == Some(status) {
                return Ok(told);
            }
        }
    }

    /// Whether nothing arrives for a while.
    pub fn is_silent(&mut self, time: Duration) -> bool {
        self.stream.set_read_timeout(Some(time)).unwrap();
        let mut one = [0];
        let read = self.stream.peek(&mut one);
        self.stream.set_read_timeout(Some(PATIENCE)).unwrap();
        read.is_err_and(|error| matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut))
    }

    /// Reads to the end of the connection.
    pub fn ends(mut self) -> bool {
        loop {
            match self.next() {
                Ok(_) => {}
                Err(error) => {
                    return !matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut);
                }
            }
        }
    }

    pub fn place(&mut self, id: i32, order: Order) -> io::Result<()> {
        let contract = Some(stock("AAPL"));
        self.send(
            request::PLACE_ORDER,
            &PlaceOrderRequest {
                order_id: Some(id),
                contract,
                order: Some(order),
                attached_orders: None,
            },
        )
    }

    pub fn watch(&mut self, request: i32, symbol: &str) -> io::Result<()> {
        let contract = Some(stock(symbol));
        self.send(
            request::MARKET_DATA,
            &MarketDataRequest {
                req_id: Some(request),
                contract,
                ..Default::default()
            },
        )
    }
}

pub fn stock(symbol: &str) -> Contract {
    Contract {
        symbol: Some(symbol.to_owned()),
        sec_type: Some("STK".to_owned()),
        exchange: Some("SMART".to_owned()),
        currency: Some("USD".to_owned()),
        ..Contract::default()
    }
}

/// A limit order far below the market, which rests.
pub fn resting() -> Order {
    Order {
        action: Some("BUY".to_owned()),
        order_type: Some("LMT".to_owned()),
        total_quantity: Some("100".to_owned()),
        lmt_price: Some(200.0),
        tif: Some("GTC".to_owned()),
        transmit: Some(true),
        ..Order::default()
    }
}

/// A market order.
pub fn market(quantity: u32) -> Order {
    Order {
        order_type: Some("MKT".to_owned()),
        total_quantity: Some(quantity.to_string()),
        lmt_price: None,
        ..resting()
    }
}
