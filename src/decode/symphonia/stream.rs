//! The packets of one track, one after the other through their codec.

use std::io;
use std::sync::Arc;

use symphonia::core::audio::{ChannelLabel, Channels, GenericAudioBufferRef};
use symphonia::core::codecs::audio::AudioDecoder;
use symphonia::core::errors::Error;
use symphonia::core::formats::{FormatReader, Track};
use symphonia::core::packet::Packet;

use super::ends::Ends;
use super::lost::{self, BlockTimes, Clock};
use super::opening::{audio_decoder, format_reader};
use crate::decode::StreamInfo;
use crate::decode::clean::{MAX_BAD_PACKETS_IN_A_ROW, Tally};
use crate::decode::reader::{CountingReader, ReadState};
use crate::decode::vorbis::Positions;
use crate::error::LoadError;
use crate::speakers::Speakers;
use crate::spec::AudioSpec;

/// What one packet came to.
pub(super) enum Decoded {
    /// Frames are in `unpacked`, planes in the codec's order.
    Frames,
    /// Nothing: another track's packet, or an undecodable one.
    Nothing,
    End,
}

/// Rate and speakers of a decoded packet.
pub(super) struct Layout {
    pub(super) spec: AudioSpec,
    /// Bits of `dwChannelMask`, or beyond them, by plane.
    pub(super) speakers: Vec<Option<u32>>,
}

pub(super) struct PacketStream {
    pub(super) format: Box<dyn FormatReader>,
    pub(super) codec: Box<dyn AudioDecoder>,
    pub(super) track: Track,
    pub(super) read: Arc<ReadState>,
    pub(super) clock: Clock,
    /// Of Matroska.
    block_times: Option<BlockTimes>,
    pub(super) ends: Ends,
    /// Of its first stream.
    pub(super) positions: Positions,
    pub(super) unpacked: Unpacked,
    /// Frames that are missing before those in `unpacked`.
    pub(super) lost_frames: u64,
    /// Packets before the first that could be decoded: how long they are, that one says.
    bad_at_first: u64,
    pub(super) tally: Tally,
    pub(super) ended: bool,
}

impl PacketStream {
    pub(super) fn open(
        reader: CountingReader,
        read: &Arc<ReadState>,
        head: &[u8],
    ) -> Result<Self, LoadError> {
        let (format, positions) = format_reader(reader, read, head)?;
        let (track, codec) = audio_decoder(format.as_ref(), positions.serial)?;
        let clock = Clock::new(&track, has_frame_times(format.as_ref()))
            .beginning_before(positions.begin_before);
        let is_matroska = format.format_info().short_name == "matroska";
        let lost = positions.damaged.iter().filter(|page| !page.is_others).count() as u64;
        Ok(Self {
            clock: if lost > 0 { clock.since_zero() } else { clock },
            block_times: is_matroska.then(BlockTimes::default),
            ends: Ends::of(format.as_ref(), &track, &positions),
            positions,
            format,
            codec,
            track,
            read: Arc::clone(read),
            unpacked: Unpacked::default(),
            lost_frames: 0,
            bad_at_first: 0,
            tally: Tally { bad_packets: lost, ..Tally::default() },
            ended: false,
        })
    }

    pub(super) fn container(&self) -> &'static str {
        match self.format.format_info().short_name {
            "matroska" => "mkv",
            other => other,
        }
    }

    pub(super) fn info(&self, spec: AudioSpec, byte_len: u64) -> StreamInfo {
        let container = self.container();
        let codec = self.codec.codec_info().short_name;
        let parameters = self.codec.codec_params();
        // Read from the first frames, or in the container's own clock: no count of frames.
        let frames_estimated = match container {
            // Some writers count whole packets.
            "caf" => true,
            // A duration of all tracks together.
            "mkv" => true,
            _ => false,
        };
        let lossless = codec.starts_with("pcm_") || matches!(codec, "flac" | "alac");
        let stated = self
            .track
            .num_frames
            .or_else(|| lost::frames_of_media(self.format.media_info(), spec.sample_rate));
        let open_end = self.positions.open_end.filter(|_| stated.is_none());
        // A stream cut out of a longer one does not start at 0; one that counts from its encoder's
        // delay on does, as its last page counts.
        let start = self.clock.start().filter(|_| !self.positions.begin_before).unwrap_or(0);
        StreamInfo {
            spec,
            speakers: Speakers::USUAL,
            frames: stated
                .or(open_end)
                .and_then(|end| i64::try_from(end).ok()?.checked_sub(start))
                .and_then(|frames| u64::try_from(frames).ok())
                .filter(|frames| *frames > 0),
            frames_estimated: frames_estimated || open_end.is_some(),
            frames_counted: !frames_estimated,
            length_stated: stated.is_some(),
            container: container.to_owned(),
            codec: codec.to_owned(),
            bits_per_sample: lossless
                .then(|| parameters.bits_per_sample.or(parameters.bits_per_coded_sample))
                .flatten(),
            byte_len,
        }
    }

    pub(super) fn decode_next(&mut self) -> Result<Decoded, LoadError> {
        if self.ended {
            return Ok(Decoded::End);
        }
        let mut packet = match self.ends.next_packet(self.format.as_mut(), self.track.id) {
            Ok(Some(packet)) => packet,
            Ok(None) => return self.end(),
            Err(Error::ResetRequired) => return self.restart(),
            Err(Error::IoError(error)) if error.kind() == io::ErrorKind::UnexpectedEof => {
                // Of streams side by side it may be another one that has no end.
                self.tally.cut_off = !self.positions.has_end;
                return self.end();
            }
            // The container is broken here. What was decoded up to this place is kept.
            Err(_) => {
                self.tally.bad_packets += 1;
                self.tally.cut_off = true;
                return self.end();
            }
        };
        if let Some(gap) = self.gap_before(&packet) {
            self.tally.bad_packets += 1;
            self.lose(gap);
        }
        self.clock.give_back(&mut packet);
        // Of nothing, not every codec says that it is none.
        if self.is_passed(&packet) {
            return self.miss(&packet);
        }
        match self.codec.decode(&packet) {
            Ok(decoded) => {
                self.unpacked.take(&decoded);
                self.tally.bad_in_a_row = 0;
                if self.unpacked.frames == 0 {
                    // The packet before it, which it overlaps with, is lost like all before that.
                    if self.lost_frames > 0 && self.unpacked.spec.is_none() {
                        self.lost_frames += packet.block_dur().get();
                    }
                    return Ok(Decoded::Nothing);
                }
                let frames = self.unpacked.frames as u64;
                let silent = std::mem::take(&mut self.bad_at_first) * frames;
                self.lose(Some(silent));
                self.note_time(&packet, frames);
                self.tally.clean_all(&mut self.unpacked.planes);
                Ok(Decoded::Frames)
            }
            Err(Error::ResetRequired) => self.restart(),
            Err(_) => self.miss(&packet),
        }
    }

    /// Notes that `packet` cannot be decoded.
    fn miss(&mut self, packet: &Packet) -> Result<Decoded, LoadError> {
        self.tally.bad_packets += 1;
        self.tally.bad_in_a_row += 1;
        let frames = self.clock.frames_of(packet, &self.unpacked);
        let frames = frames.filter(|_| !self.is_passed(packet));
        // Of what is first, the next one says more exactly how long it is.
        let is_told = frames.is_none() && self.unpacked.spec.is_some();
        let times = self.block_times.as_mut().filter(|_| is_told);
        if !times.is_some_and(BlockTimes::lose) {
            match frames {
                None if self.unpacked.spec.is_none() && self.has_even_packets() => {
                    self.bad_at_first += 1;
                }
                frames => self.lose(frames),
            }
        }
        if self.tally.bad_in_a_row < MAX_BAD_PACKETS_IN_A_ROW {
            return Ok(Decoded::Nothing);
        }
        self.tally.cut_off = true;
        self.end()
    }

    /// Whether `packet` stands for what was passed, of any length.
    fn is_passed(&self, packet: &Packet) -> bool {
        self.block_times.is_some() && packet.pts.get() == BlockTimes::PASSED
    }

    /// Enters the time of `packet`, which was decoded to `frames` frames, where that has one.
    fn note_time(&mut self, packet: &Packet, frames: u64) {
        let rate = self.unpacked.spec.map_or(0, |spec| spec.sample_rate);
        let is_even = self.has_even_packets();
        let Some(times) = &mut self.block_times else { return };
        let gap = times.lost_before(packet, rate, is_even);
        let lost = if gap.is_some() { times.take_lost() } else { 0 };
        times.count(frames);
        match gap {
            Some(Some(missing)) => self.lose(Some(missing)),
            Some(None) => self.tally.bad_left_out += lost,
            None => {}
        }
    }

    /// What is missing before `packet`, as [`Clock::gap_before`] says.
    pub(super) fn gap_before(&mut self, packet: &Packet) -> Option<Option<u64>> {
        let (format, ends, id) = (self.format.as_mut(), &mut self.ends, self.track.id);
        self.clock.gap_before(packet, |gap| ends.falls_back(format, id, packet, gap))
    }

    /// Notes that `frames` frames are missing before what is decoded next; None: nobody knows how
    /// many.
    fn lose(&mut self, frames: Option<u64>) {
        match frames {
            Some(frames) => {
                self.lost_frames += frames;
                if let Some(times) = &mut self.block_times {
                    times.count_silence(frames);
                }
            }
            None => self.tally.bad_left_out += 1,
        }
    }

    /// Whether all packets of the codec are of one length, mostly.
    fn has_even_packets(&self) -> bool {
        self.codec.codec_info().short_name != "vorbis"
    }

    /// Goes on with the next stream of a chain, e.g. of concatenated Ogg files.
    fn restart(&mut self) -> Result<Decoded, LoadError> {
        match audio_decoder(self.format.as_ref(), None) {
            Ok((track, codec)) => {
                self.clock = Clock::new(&track, has_frame_times(self.format.as_ref()));
                self.track = track;
                self.codec = codec;
                self.tally.restarted = true;
                Ok(Decoded::Nothing)
            }
            Err(_) => {
                self.tally.cut_off = true;
                self.end()
            }
        }
    }

    pub(super) fn end(&mut self) -> Result<Decoded, LoadError> {
        self.ended = true;
        // Behind it comes no block whose time would tell.
        self.tally.bad_left_out += self.block_times.as_mut().map_or(0, BlockTimes::take_lost);
        self.read.check().map(|()| Decoded::End)
    }
}

/// The last decoded packet, copied out of its codec.
#[derive(Default)]
pub(super) struct Unpacked {
    pub(super) planes: Vec<Vec<f32>>,
    pub(super) frames: usize,
    /// The frames of every packet so far, if all had as many.
    pub(super) common_frames: Option<usize>,
    pub(super) spec: Option<AudioSpec>,
    /// Set by the first packet and by every one whose spec differs from the one before.
    pub(super) new_layout: Option<Layout>,
}

impl Unpacked {
    /// Copies frames out as `f32`: integers of `n` bits divided by 2^(n−1), rounded once.
    pub(super) fn take(&mut self, decoded: &GenericAudioBufferRef<'_>) {
        self.frames = decoded.frames();
        if self.frames == 0 {
            return;
        }
        let is_first = self.spec.is_none();
        self.common_frames =
            Some(self.frames).filter(|frames| is_first || self.common_frames == Some(*frames));
        let spec = AudioSpec { sample_rate: decoded.spec().rate(), channels: decoded.num_planes() };
        if self.spec != Some(spec) {
            self.spec = Some(spec);
            self.new_layout = Some(Layout { spec, speakers: speakers(decoded.spec().channels()) });
        }
        decoded.copy_to_vecs_planar::<f32>(&mut self.planes);
    }
}

/// Whether packets carry a time of their own, in frames, so that a missing one shows.
fn has_frame_times(format: &dyn FormatReader) -> bool {
    format.format_info().short_name == "ogg"
}

/// The place of each plane in `dwChannelMask`. symphonia's positions carry the same bits, and
/// place planes of a mask in the order of its bits.
fn speakers(channels: &Channels) -> Vec<Option<u32>> {
    match channels {
        Channels::Positioned(mask) => {
            mask.iter().map(|position| Some(position.bits().trailing_zeros())).collect()
        }
        Channels::Custom(labels) => labels
            .iter()
            .map(|label| match label {
                ChannelLabel::Positioned(position) => Some(position.bits().trailing_zeros()),
                _ => None,
            })
            .collect(),
        other => vec![None; other.count()],
    }
}
