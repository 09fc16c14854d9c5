//! The PDUs of SMPP 3.4 that a client needs, as octets (sections 3 and 4).
//!
//! Writing is by the letter. Reading takes what message centres really send: a text that is not ended by NUL, a body that
//! is missing behind an error, parameters that nobody knows.

/// The octets of a header (section 3.2).
pub(super) const HEADER: usize = 16;
/// The longest PDU that is read: a `message_payload` of 64 KiB and what stands around it.
pub(super) const LONGEST: usize = 70_000;

/// The commands (section 5.1.2.1).
pub(super) mod command {
    pub(in crate::smpp) const GENERIC_NACK: u32 = 0x8000_0000;
    pub(in crate::smpp) const BIND_RECEIVER: u32 = 0x01;
    pub(in crate::smpp) const BIND_TRANSMITTER: u32 = 0x02;
    pub(in crate::smpp) const SUBMIT_SM: u32 = 0x04;
    pub(in crate::smpp) const DELIVER_SM: u32 = 0x05;
    pub(in crate::smpp) const UNBIND: u32 = 0x06;
    pub(in crate::smpp) const BIND_TRANSCEIVER: u32 = 0x09;
    pub(in crate::smpp) const ENQUIRE_LINK: u32 = 0x15;
    pub(in crate::smpp) const DATA_SM: u32 = 0x103;
    pub(in crate::smpp) const ALERT_NOTIFICATION: u32 = 0x102;
    pub(in crate::smpp) const OUTBIND: u32 = 0x0B;
    /// What a response has beside its request's bits.
    pub(in crate::smpp) const RESPONSE: u32 = 0x8000_0000;
}

/// The optional parameters (section 5.3.2).
pub(super) mod tag {
    pub(in crate::smpp) const RECEIPTED_MESSAGE_ID: u16 = 0x001E;
    pub(in crate::smpp) const SAR_MSG_REF_NUM: u16 = 0x020C;
    pub(in crate::smpp) const SAR_TOTAL_SEGMENTS: u16 = 0x020E;
    pub(in crate::smpp) const SAR_SEGMENT_SEQNUM: u16 = 0x020F;
    pub(in crate::smpp) const MESSAGE_PAYLOAD: u16 = 0x0424;
    pub(in crate::smpp) const MESSAGE_STATE: u16 = 0x0427;
}

/// A PDU: its header, and its body unread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pdu {
    pub(super) command: u32,
    pub(super) status: u32,
    pub(super) sequence: u32,
    pub(super) body: Vec<u8>,
}

impl Pdu {
    pub(super) const fn new(command: u32, sequence: u32, body: Vec<u8>) -> Self {
        Self { command, status: 0, sequence, body }
    }

    /// The answer to the request `to`, with `body`.
    pub(super) const fn answer(to: &Self, status: u32, body: Vec<u8>) -> Self {
        Self { command: to.command | command::RESPONSE, status, sequence: to.sequence, body }
    }

    /// Whether it answers a request.
    pub(super) const fn is_response(&self) -> bool {
        self.command & command::RESPONSE != 0
    }

    /// Its octets at the end of `out`.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let length = u32::try_from(HEADER + self.body.len()).unwrap_or(u32::MAX);
        for word in [length, self.command, self.status, self.sequence] {
            out.extend(word.to_be_bytes());
        }
        out.extend(&self.body);
    }

    /// The first PDU of `octets`, and how many octets it took; `Ok(None)` when more have to come.
    ///
    /// # Errors
    /// A length that no PDU has: nothing behind it can be read either.
    pub(super) fn read(octets: &[u8]) -> Result<Option<(Self, usize)>, String> {
        let word = |at: usize| {
            let four = octets.get(at..at + 4)?;
            Some(u32::from_be_bytes(four.try_into().ok()?))
        };
        let Some(length) = word(0) else { return Ok(None) };
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if !(HEADER..=LONGEST).contains(&length) {
            return Err(format!("a PDU of {length} octets is none"));
        }
        let (Some(command), Some(status), Some(sequence)) = (word(4), word(8), word(12)) else {
            return Ok(None);
        };
        let Some(body) = octets.get(HEADER..length) else { return Ok(None) };
        Ok(Some((Self { command, status, sequence, body: body.to_vec() }, length)))
    }
}

/// Writes the fields of a body.
#[derive(Debug, Default)]
pub(super) struct Fields(Vec<u8>);

impl Fields {
    /// A text that ends in NUL. What stands behind a NUL within it is left out.
    pub(super) fn text(mut self, text: &str) -> Self {
        self.0.extend(text.bytes().take_while(|byte| *byte != 0));
        self.0.push(0);
        self
    }

    pub(super) fn octets(mut self, octets: &[u8]) -> Self {
        self.0.extend(octets);
        self
    }

    /// An optional parameter.
    pub(super) fn parameter(mut self, tag: u16, value: &[u8]) -> Self {
        let length = u16::try_from(value.len()).unwrap_or(u16::MAX);
        self.0.extend(tag.to_be_bytes());
        self.0.extend(length.to_be_bytes());
        self.0.extend(value.iter().take(usize::from(length)));
        self
    }

    pub(super) fn done(self) -> Vec<u8> {
        self.0
    }
}

/// Reads the fields of a body; what is missing is empty.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    /// A text up to its NUL, or to the end.
    pub(super) fn text(&mut self) -> String {
        let end = self.0.iter().position(|byte| *byte == 0);
        let (text, rest) = self.0.split_at(end.unwrap_or(self.0.len()));
        self.0 = rest.get(1..).unwrap_or_default();
        String::from_utf8_lossy(text).into_owned()
    }

    pub(super) fn octet(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    pub(super) fn octets(&mut self, count: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(count.min(self.0.len()));
        self.0 = rest;
        taken
    }

    /// The next optional parameter.
    pub(super) fn parameter(&mut self) -> Option<(u16, &'a [u8])> {
        let (head, _) = self.0.split_at_checked(4)?;
        let [tag, tag_low, length, length_low] = head else { return None };
        self.octets(4);
        let value = self.octets(usize::from(u16::from_be_bytes([*length, *length_low])));
        Some((u16::from_be_bytes([*tag, *tag_low]), value))
    }
}

/// What the far side delivers: a receipt, or a message of a phone (section 4.6.1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Delivery {
    pub(super) esm_class: u8,
    pub(super) data_coding: u8,
    /// The message, of whichever field it stands in.
    pub(super) message: Vec<u8>,
    pub(super) receipted_message_id: Option<String>,
    pub(super) message_state: Option<u8>,
}

impl Delivery {
    pub(super) fn read(body: &[u8]) -> Self {
        let mut reader = Reader(body);
        let mut delivery = Self::default();
        reader.text();
        for _ in 0..2 {
            reader.octets(2);
            reader.text();
        }
        delivery.esm_class = reader.octet();
        reader.octets(2);
        reader.text();
        reader.text();
        reader.octets(2);
        delivery.data_coding = reader.octet();
        reader.octet();
        let length = reader.octet();
        delivery.message = reader.octets(usize::from(length)).to_vec();
        while let Some((tag, value)) = reader.parameter() {
            match tag {
                tag::RECEIPTED_MESSAGE_ID => delivery.receipted_message_id = Some(Reader(value).text()),
                tag::MESSAGE_STATE => delivery.message_state = value.first().copied(),
                tag::MESSAGE_PAYLOAD if delivery.message.is_empty() => delivery.message = value.to_vec(),
                _ => {}
            }
        }
        delivery
    }
}

/// What is submitted (section 4.4.1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Submission {
    pub(super) service_type: String,
    pub(super) source: Address,
    pub(super) destination: Address,
    pub(super) esm_class: u8,
    pub(super) validity: String,
    pub(super) registered_delivery: u8,
    pub(super) data_coding: u8,
    pub(super) message: Vec<u8>,
    pub(super) parameters: Vec<(u16, Vec<u8>)>,
}

/// An address with its type and plan of numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) ton: u8,
    pub(super) npi: u8,
    pub(super) text: String,
}

impl Submission {
    pub(super) fn body(&self) -> Vec<u8> {
        let length = u8::try_from(self.message.len()).unwrap_or(0);
        let (source, destination) = (&self.source, &self.destination);
        let body = Fields::default()
            .text(&self.service_type)
            .octets(&[source.ton, source.npi])
            .text(&source.text)
            .octets(&[destination.ton, destination.npi])
            .text(&destination.text)
            // protocol_id and priority_flag are 0; no time at which it is to be delivered.
            .octets(&[self.esm_class, 0, 0])
            .text("")
            .text(&self.validity)
            .octets(&[self.registered_delivery, 0, self.data_coding, 0, length])
            .octets(self.message.get(..usize::from(length)).unwrap_or_default());
        self.parameters.iter().fold(body, |body, (tag, value)| body.parameter(*tag, value)).done()
    }
}

#[cfg(test)]
mod tests;
