"""The test fixtures: one small file per container and codec, broken files, and a manifest.

Each channel is a sine of its own frequency, so that a test can compute what should be there and
see which channel is which. The expected values come from ffmpeg and libsndfile, never from hotcue.
"""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from . import broken, mp4, opus
from .encode import FDKAAC, LAME, OGGENC, encode, encode_with, run, write_wav

# FL FR FC LFE BL BR, the WAVE order. The LFE's is low: codecs filter that channel.
CHANNEL_HZ = [400, 500, 600, 100, 700, 800]
AMPLITUDE = 0.5
# Where libsndfile, which keeps the stream's order, has FL FR FC LFE BL BR of Vorbis 5.1 (Vorbis I
# specification, 4.3.9: FL FC FR BL BR LFE).
VORBIS_51 = [0, 2, 1, 5, 3, 4]
MAX_BYTES = 60_000

HEADER = """\
# Made by scripts/make_audio.py. Tab-separated; empty: unknown or does not apply.
# Content: channel c of every file is {amplitude} * sin(2 pi f t), f = {hz} Hz, the first as many as
# there are channels, in WAVE order (FL FR FC LFE BL BR).
# kind      lossless | lossy | tagged | broken | unsupported
# frames    as libsndfile counts them, or ffmpeg where libsndfile cannot read the file
# expected  lossless: SHA-1 of the interleaved f32le PCM, by ffmpeg, and libsndfile where it can
#           lossy: the file in reference/ with the same program's decode as interleaved s16le
#           tagged: tags that ffprobe finds, name=value, separated by |
#           broken: what a load ends in: an error kind, or warning:<code> for a success with that
#           warning, or success; alternatives are separated by |
"""
# libsndfile's names of what it writes, as ffmpeg says them.
CODEC_NAMES = {
    "PCM_U8": "pcm_u8", "PCM_S8": "pcm_s8", "PCM_16": "pcm_s16le", "PCM_24": "pcm_s24le",
    "PCM_32": "pcm_s32le",
    "FLOAT": "pcm_f32le", "DOUBLE": "pcm_f64le", "ALAW": "pcm_alaw", "ULAW": "pcm_mulaw",
    "ALAC_24": "alac",
}  # fmt: skip

COLUMNS = ["file", "format", "codec", "rate", "channels", "frames", "kind", "expected"]


@dataclass
class Row:
    file: str
    format: str
    codec: str
    kind: str
    rate: int | None = None
    channels: int | None = None
    frames: int | None = None
    expected: str = ""
    fields: list[str] = field(init=False)

    def __post_init__(self) -> None:
        values = [getattr(self, column) for column in COLUMNS]
        self.fields = ["" if value is None else str(value) for value in values]


def sines(frames: int, channels: int, rate: int) -> NDArray[np.float64]:
    t = np.arange(frames) / rate
    return np.stack(
        [AMPLITUDE * np.sin(2 * np.pi * hz * t) for hz in CHANNEL_HZ[:channels]], axis=1
    )


def make(folder: Path) -> None:
    """Writes all fixtures afresh."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "reference").mkdir(parents=True)
    rows = _lossless(folder) + _lossy(folder) + _opus(folder) + _mp4(folder)
    rows += _tagged(folder) + _unsupported(folder)
    _long(folder / "long")
    for name, fmt, expected in broken.make(folder):
        rows.append(Row(name, fmt, "", "broken", expected=expected))
    text = HEADER.format(amplitude=AMPLITUDE, hz=", ".join(map(str, CHANNEL_HZ)))
    text += "\n".join("\t".join(row) for row in [COLUMNS, *(row.fields for row in rows)]) + "\n"
    (folder / "manifest.tsv").write_text(text)
    sizes = {path: path.stat().st_size for path in folder.rglob("*") if path.is_file()}
    for path, size in sizes.items():
        if size > MAX_BYTES:
            raise SystemExit(f"{path.name} is too large: {size:,} bytes")
    print(f"fixtures: {len(rows)} files, {sum(sizes.values()):,} bytes in all")


def ffmpeg_f32(path: Path) -> bytes:
    return run("ffmpeg", "-v", "error", "-i", path, "-f", "f32le", "-c:a", "pcm_f32le", "-")


def pcm_sha1(path: Path) -> tuple[str, int]:
    """SHA-1 and frames of what other programs decode, which must agree where both can read it."""
    pcm = ffmpeg_f32(path)
    other = libsndfile_f32(path)
    if other is not None and other != pcm:
        raise SystemExit(f"ffmpeg and libsndfile disagree about {path.name}")
    return hashlib.sha1(pcm).hexdigest(), len(pcm) // 4 // _channels(path)


def libsndfile_f32(path: Path) -> bytes | None:
    """None for what libsndfile does not read: Matroska, MP4, ADTS."""
    try:
        audio, _ = soundfile.read(path, dtype="float32", always_2d=True)
    except soundfile.LibsndfileError:
        return None
    return audio.astype("<f4").tobytes()


def _channels(path: Path) -> int:
    entries = ("-show_entries", "stream=channels", "-of", "csv=p=0")
    return int(run("ffprobe", "-v", "error", *entries, path).strip().rstrip(b","))


def _lossless(folder: Path) -> list[Row]:
    rows = []

    def add(name: str, codec: str, rate: int, channels: int, frames: int, *options: str) -> None:
        """With `options` ffmpeg writes it; without, libsndfile, and `codec` is its subtype."""
        path = folder / name
        if options:
            encode(path, sines(frames, channels, rate), rate, *options)
        else:
            write_wav(path, sines(frames, channels, rate), rate, codec)
        expected, count = pcm_sha1(path)
        if count != frames:
            raise SystemExit(f"{name}: {count} frames, not {frames}")
        fmt = path.suffix[1:]
        codec = CODEC_NAMES.get(codec, codec)
        rows.append(Row(name, fmt, codec, "lossless", rate, channels, frames, expected))

    def sndfile(name: str, fmt: str, subtype: str, rate: int, channels: int, **how: str) -> None:
        """Written by libsndfile; as `add`, of what ffmpeg does not write or write as well."""
        path, frames = folder / name, rate // 20
        soundfile.write(path, sines(frames, channels, rate), rate, subtype, format=fmt, **how)
        pcm = libsndfile_f32(path) or b""
        # This ffmpeg takes no file for what it is whose bytes are the other way round.
        if not how and ffmpeg_f32(path) != pcm:
            raise SystemExit(f"ffmpeg and libsndfile disagree about {name}")
        codec = CODEC_NAMES.get(subtype, subtype)
        if how == {"endian": "BIG"}:
            codec = codec.replace("le", "be")
        sha1 = hashlib.sha1(pcm).hexdigest()
        kind = path.suffix[1:]
        rows.append(Row(name, kind, codec, "lossless", rate, channels, frames, sha1))

    add("pcm_u8.wav", "PCM_U8", 44_100, 2, 4410)
    add("pcm_s16.wav", "PCM_16", 44_100, 2, 4410)
    add("pcm_s16_mono_8k.wav", "PCM_16", 8_000, 1, 801)
    add("pcm_s24.wav", "PCM_24", 48_000, 2, 4800)
    add("pcm_s32.wav", "PCM_32", 96_000, 2, 4801)
    add("pcm_f32.wav", "FLOAT", 44_100, 2, 4410)
    add("pcm_f64.wav", "DOUBLE", 44_100, 1, 4410)
    add("alaw.wav", "ALAW", 8_000, 1, 4000)
    add("mulaw.wav", "ULAW", 8_000, 2, 4000)
    add("pcm_s16_51.wav", "pcm_s16le", 48_000, 6, 2400, "-c:a", "pcm_s16le")
    add("pcm_s16_192k.wav", "PCM_16", 192_000, 2, 9600)
    add("pcm_s16_1_frame.wav", "PCM_16", 44_100, 2, 1)
    add("pcm_s16.aiff", "pcm_s16be", 44_100, 2, 4410, "-c:a", "pcm_s16be")
    add("pcm_s24.aiff", "pcm_s24be", 44_100, 1, 4411, "-c:a", "pcm_s24be")
    add("pcm_f32.aifc", "pcm_f32be", 44_100, 2, 4410, "-c:a", "pcm_f32be", "-f", "aiff")
    add("alaw.aifc", "pcm_alaw", 8_000, 1, 4000, "-c:a", "pcm_alaw", "-f", "aiff")
    add("pcm_s16.caf", "pcm_s16le", 44_100, 2, 4410, "-c:a", "pcm_s16le")
    add("pcm_f32.caf", "pcm_f32be", 48_000, 1, 4800, "-c:a", "pcm_f32be")
    add("pcm_s8.caf", "pcm_s8", 44_100, 2, 2205, "-c:a", "pcm_s8")
    add("pcm_s24le.caf", "pcm_s24le", 44_100, 2, 2205, "-c:a", "pcm_s24le")
    add("pcm_f64le.caf", "pcm_f64le", 44_100, 1, 2205, "-c:a", "pcm_f64le")
    add("mulaw.caf", "pcm_mulaw", 8_000, 2, 800, "-c:a", "pcm_mulaw")
    add("pcm_s64.wav", "pcm_s64le", 44_100, 1, 1000, "-c:a", "pcm_s64le")
    add("pcm_s16.au", "pcm_s16be", 22_050, 1, 2205, "-c:a", "pcm_s16be")
    add("pcm_s16.w64", "pcm_s16le", 22_050, 1, 2204, "-c:a", "pcm_s16le")
    add("pcm_s24_51.w64", "pcm_s24le", 48_000, 6, 1200, "-c:a", "pcm_s24le")
    add("pcm_s16_rf64.wav", "pcm_s16le", 22_050, 1, 2205, "-c:a", "pcm_s16le", "-rf64", "always")
    add("pcm_s16le.aifc", "pcm_s16le", 44_100, 2, 2205, "-c:a", "pcm_s16le", "-f", "aiff")
    add("pcm_f64.aifc", "pcm_f64be", 44_100, 1, 2205, "-c:a", "pcm_f64be", "-f", "aiff")
    add("mulaw.aifc", "pcm_mulaw", 8_000, 1, 800, "-c:a", "pcm_mulaw", "-f", "aiff")
    sndfile("pcm_s16_rifx.wav", "WAV", "PCM_16", 22_050, 2, endian="BIG")
    sndfile("pcm_s24_extensible.wav", "WAVEX", "PCM_24", 48_000, 2)
    sndfile("pcm_f32_le.au", "AU", "FLOAT", 22_050, 1, endian="LITTLE")
    sndfile("pcm_s8.aiff", "AIFF", "PCM_S8", 22_050, 1)
    sndfile("alaw.au", "AU", "ALAW", 8_000, 1)
    # Its packet table is filled up, and short enough for that to look like a chunk.
    sndfile("alac_24.caf", "CAF", "ALAC_24", 44_100, 2)
    add("alac.caf", "alac", 44_100, 2, 8192, "-c:a", "alac", "-sample_fmt", "s16p")
    s16, s24 = ("-sample_fmt", "s16"), ("-sample_fmt", "s32", "-bits_per_raw_sample", "24")
    add("flac_16.flac", "flac", 44_100, 2, 11_025, "-c:a", "flac", *s16)
    add("flac_24.flac", "flac", 96_000, 2, 9600, "-c:a", "flac", *s24)
    add("flac_16_51.flac", "flac", 48_000, 6, 4800, "-c:a", "flac", *s16)
    add("flac_16.oga", "flac", 44_100, 2, 11_025, "-c:a", "flac", *s16, "-f", "ogg")
    add("flac_16.mka", "flac", 44_100, 1, 11_025, "-c:a", "flac", *s16)
    add("pcm_s16.mka", "pcm_s16le", 44_100, 2, 4410, "-c:a", "pcm_s16le")
    # As a live stream: of unknown sizes, without a length.
    add("flac_16_live.mka", "flac", 44_100, 2, 11_025, "-c:a", "flac", *s16, "-live", "1")
    add("flac_24_51.mka", "flac", 48_000, 6, 2400, "-c:a", "flac", *s24)
    add("pcm_f32.mka", "pcm_f32le", 48_000, 1, 2400, "-c:a", "pcm_f32le")
    add("pcm_s24be.mka", "pcm_s24be", 48_000, 2, 1200, "-c:a", "pcm_s24be")
    add("alac.mka", "alac", 44_100, 2, 8192, "-c:a", "alac", "-sample_fmt", "s16p")
    add("alac_16.m4a", "alac", 44_100, 2, 11_025, "-c:a", "alac", "-sample_fmt", "s16p")
    add("alac_24.m4a", "alac", 48_000, 1, 12_000, "-c:a", "alac", "-sample_fmt", "s32p")
    add("alac_16_51.m4a", "alac", 48_000, 6, 4800, "-c:a", "alac", "-sample_fmt", "s16p")
    return rows


def _lossy(folder: Path) -> list[Row]:
    rows = []

    def add(name: str, codec: str, rate: int, channels: int, *command: str) -> None:
        path = folder / name
        audio = sines(4000 if channels == 6 else rate // 4, channels, rate)
        if command[0] == "-c:a":
            encode(path, audio, rate, *command)
        elif command[0] == "libsndfile":
            write_wav(path, audio, rate, command[1])
        else:
            encode_with(path, audio, rate, *command)
        # libsndfile first: this ffmpeg leaves the padding at the end of Ogg Vorbis.
        # But of QuickTime's packets it takes the state that their headers round, and of IMA's it
        # knows one arithmetic only. And of GSM it takes the byte that pads the chunk for a block.
        foreign = codec == "adpcm_ima_qt" or name in {"adpcm_ima_ffmpeg.wav", "gsm.wav"}
        decoded = None if foreign else libsndfile_f32(path)
        pcm = np.frombuffer(decoded or ffmpeg_f32(path), "<f4").reshape(-1, channels)
        if channels == 6 and path.suffix == ".ogg":
            pcm = pcm[:, VORBIS_51]
        if path.suffix == ".m4a":
            # This ffmpeg leaves the padding at the end of MP4.
            pcm = pcm[: len(audio)]
        reference = _write_reference(folder, name, pcm)
        count = len(pcm)
        fmt = path.suffix[1:]
        rows.append(Row(name, fmt, codec, "lossy", rate, channels, count, reference))

    add("adpcm_ms.wav", "adpcm_ms", 22_050, 2, "libsndfile", "MS_ADPCM")
    add("adpcm_ima.wav", "adpcm_ima_wav", 22_050, 1, "libsndfile", "IMA_ADPCM")
    add("adpcm_ima_ffmpeg.wav", "adpcm_ima_wav", 22_050, 2, "-c:a", "adpcm_ima_wav")
    add("adpcm_ima.aifc", "adpcm_ima_qt", 22_050, 2, "-c:a", "adpcm_ima_qt", "-f", "aiff")
    add("adpcm_ima.caf", "adpcm_ima_qt", 22_050, 1, "-c:a", "adpcm_ima_qt")
    add("adpcm_ms_mono.wav", "adpcm_ms", 22_050, 1, "-c:a", "adpcm_ms")
    add("gsm.wav", "gsm", 8_000, 1, "libsndfile", "GSM610")
    add("gsm.aifc", "gsm", 8_000, 1, "libsndfile", "GSM610")
    add("mp3_cbr.wav", "mp3", 44_100, 2, "-c:a", "libmp3lame", "-b:a", "128k")
    add("mp3_cbr.mp3", "mp3", 44_100, 2, *LAME, "-b", "128", "{wav}", "{out}")
    add("mp3_vbr.mp3", "mp3", 44_100, 2, *LAME, "-V", "3", "{wav}", "{out}")
    add("mp3_mono.mp3", "mp3", 48_000, 1, *LAME, "-b", "64", "{wav}", "{out}")
    add("mp3_mpeg2_22k.mp3", "mp3", 22_050, 1, *LAME, "-b", "64", "{wav}", "{out}")
    add("mp3_no_tag.mp3", "mp3", 44_100, 2, *LAME, "-t", "-b", "128", "{wav}", "{out}")
    add("mp3_free.mp3", "mp3", 44_100, 2, *LAME, "--freeformat", "-b", "400", "{wav}", "{out}")
    add("mp3_mpeg25_8k.mp3", "mp3", 8_000, 1, *LAME, "-b", "16", "{wav}", "{out}")
    add("mp3.mka", "mp3", 44_100, 2, "-c:a", "libmp3lame", "-b:a", "128k")
    add("mp2.mka", "mp2", 44_100, 1, "-c:a", "mp2", "-b:a", "64k")
    add("mp2.mp2", "mp2", 48_000, 2, "-c:a", "mp2", "-b:a", "192k")
    add("vorbis.ogg", "vorbis", 44_100, 2, *OGGENC, "-q", "5", "-o", "{out}", "{wav}")
    add("vorbis_mono.ogg", "vorbis", 22_050, 1, *OGGENC, "-q", "3", "-o", "{out}", "{wav}")
    add("vorbis_51.ogg", "vorbis", 16_000, 6, *OGGENC, "-q", "4", "-o", "{out}", "{wav}")
    # Its blocks end within a code word of partitions, which 5.1 at 16 kHz does not.
    add("vorbis_quad.ogg", "vorbis", 48_000, 4, *OGGENC, "-q", "3", "-o", "{out}", "{wav}")
    add("vorbis.mka", "vorbis", 44_100, 2, "-c:a", "libvorbis", "-q:a", "5")
    add("vorbis.webm", "vorbis", 48_000, 1, "-c:a", "libvorbis", "-q:a", "5")
    add("aac.aac", "aac", 44_100, 2, "-c:a", "aac", "-b:a", "128k")
    add("aac.m4a", "aac", 44_100, 2, "-c:a", "aac", "-b:a", "128k")
    add("aac_51.m4a", "aac", 32_000, 6, "-c:a", "aac", "-b:a", "128k")
    add("he_aac.aac", "aac", 44_100, 2, *FDKAAC, "-p", "5", "-b", "48k", "-o", "{out}", "{wav}")
    add("he_aac_v2.aac", "aac", 44_100, 2, *FDKAAC, "-p", "29", "-b", "32k", "-o", "{out}", "{wav}")
    return rows


def _opus(folder: Path) -> list[Row]:
    rows = []
    for name, channels, frames in opus.make(folder, sines):
        pcm = np.frombuffer(opus.decoded(folder / name), "<f4").reshape(-1, channels)
        if len(pcm) != frames:
            raise SystemExit(f"{name}: {len(pcm)} frames, not {frames}")
        if "_255" in name:
            # These channels have no speakers, yet ffmpeg 5.1 sorts them as Vorbis's.
            pcm = pcm[:, np.argsort(VORBIS_51)]
        reference = _write_reference(folder, name, pcm)
        fmt = Path(name).suffix[1:]
        rows.append(Row(name, fmt, "opus", "lossy", opus.RATE, channels, frames, reference))
    return rows


def _mp4(folder: Path) -> list[Row]:
    rows = []
    for name, codec, rate, channels, frames in mp4.make_lossless(folder, sines):
        expected, count = pcm_sha1(folder / name)
        if count != frames:
            raise SystemExit(f"{name}: {count} frames, not {frames}")
        fmt = Path(name).suffix[1:]
        rows.append(Row(name, fmt, codec, "lossless", rate, channels, frames, expected))
    for name, first, count in mp4.make_aac(folder, sines):
        pcm = mp4.reference(folder, name, 2)[mp4.PRIMING + first :][:count]
        reference = _write_reference(folder, name, pcm)
        fmt = Path(name).suffix[1:]
        rows.append(Row(name, fmt, "aac", "lossy", mp4.RATE, 2, count, reference))
    return rows


def _write_reference(folder: Path, name: str, pcm: NDArray[np.float32]) -> str:
    """Writes what another program made of `name`; where, within `folder`."""
    reference = Path("reference") / f"{name}.s16"
    codes = np.clip(np.rint(pcm * 32768.0), -32768, 32767).astype("<i2")
    (folder / reference).write_bytes(codes.tobytes())
    return reference.as_posix()


def _tagged(folder: Path) -> list[Row]:
    """A file of each container that ffmpeg writes tags into."""
    rows = []
    tags = {"title": "A tone", "artist": "Müller"}

    def add(name: str, codec: str, *options: str) -> None:
        path = folder / name
        metadata = [part for tag in tags.items() for part in ("-metadata", "=".join(tag))]
        encode(path, sines(2400, 1, 48_000), 48_000, *options, *metadata)
        entries = "format_tags=title,artist:stream_tags=title,artist"
        found = run("ffprobe", "-v", "error", "-of", "flat", "-show_entries", entries, path)
        # Some containers keep the names of tags in capitals.
        found_tags = found.decode().lower()
        for tag, value in tags.items():
            if f'.tags.{tag}="{value}"'.lower() not in found_tags:
                raise SystemExit(f"{name} lacks its {tag}")
        expected = "|".join("=".join(tag) for tag in tags.items())
        rows.append(Row(name, path.suffix[1:], codec, "tagged", 48_000, 1, None, expected))

    add("tagged.wav", "pcm_s16le", "-c:a", "pcm_s16le")
    add("tagged.aiff", "pcm_s16be", "-c:a", "pcm_s16be", "-write_id3v2", "1")
    add("tagged.caf", "pcm_s16be", "-c:a", "pcm_s16be")
    add("tagged.flac", "flac", "-c:a", "flac")
    add("tagged.mp3", "mp3", "-c:a", "libmp3lame")
    add("tagged.ogg", "vorbis", "-c:a", "libvorbis")
    add("tagged.opus", "opus", "-c:a", "libopus")
    add("tagged.m4a", "aac", "-c:a", "aac")
    add("tagged.mka", "flac", "-c:a", "flac")
    return rows


def _unsupported(folder: Path) -> list[Row]:
    """Good files of formats that hotcue names, but does not open yet."""
    rows = []

    def add(name: str, codec: str, rate: int, channels: int, *options: str) -> None:
        encode(folder / name, sines(rate // 10, channels, rate), rate, *options)
        fmt = Path(name).suffix[1:]
        rows.append(
            Row(name, fmt, codec, "unsupported", rate, channels, expected="unsupported_format")
        )

    add("wavpack.wv", "wavpack", 44_100, 1, "-c:a", "wavpack")
    return rows


def _long(folder: Path) -> None:
    """Files of three seconds, of many packets each, to be decoded in parts.

    Beats of tones and noise, so that blocks are long and short, and packets large and small. Nobody
    else's values are needed: what is decoded in parts is held against what is decoded as a whole.
    """
    folder.mkdir()
    random = np.random.default_rng(1)

    def beats(rate: int, channels: int) -> NDArray[np.float64]:
        frames = 3 * rate
        decay = np.exp(-(np.arange(frames) % (rate // 5)) / (rate / 40))
        noise = random.standard_normal((frames, channels)) / 16
        return sines(frames, channels, rate) * decay[:, None] + noise * (decay[:, None] > 0.5)

    encode(folder / "flac.flac", beats(11_025, 2), 11_025, "-c:a", "flac", "-sample_fmt", "s16")
    encode(folder / "mp2.mp2", beats(32_000, 1), 32_000, "-c:a", "mp2", "-b:a", "64k")
    for name, rate, channels, *command in [
        ("mp3_cbr.mp3", 44_100, 2, *LAME, "-b", "64", "{wav}", "{out}"),
        ("mp3_vbr.mp3", 44_100, 2, *LAME, "-V", "7", "{wav}", "{out}"),
        ("mp3_mpeg2.mp3", 22_050, 1, *LAME, "-b", "24", "{wav}", "{out}"),
        ("mp3_no_tag.mp3", 48_000, 1, *LAME, "-t", "-b", "40", "{wav}", "{out}"),
        ("vorbis.ogg", 44_100, 2, *OGGENC, "-q", "2", "-o", "{out}", "{wav}"),
        ("vorbis_mono.ogg", 16_000, 1, *OGGENC, "-q", "0", "-o", "{out}", "{wav}"),
    ]:
        encode_with(folder / name, beats(rate, channels), rate, *command)
    _stream(folder.parent / "stream")


def _stream(folder: Path) -> None:
    """Files of codecs that are entered in their middle but not decoded in parts."""
    folder.mkdir()
    random = np.random.default_rng(2)
    frames, rate = 4 * 44_100, 44_100
    decay = np.exp(-(np.arange(frames) % (rate // 5)) / (rate / 40))[:, None]
    noise = random.standard_normal((frames, 2)) / 16
    beats = sines(frames, 2, rate) * decay + noise * (decay > 0.5)
    for name, *options in [
        ("aac.m4a", "-f", "0", "-b", "128k"),
        ("aac.aac", "-b", "128k"),
        ("he_aac.m4a", "-f", "0", "-p", "5", "-b", "40k"),
        ("he_aac_v2.m4a", "-f", "0", "-p", "29", "-b", "24k"),
    ]:
        encode_with(folder / name, beats, rate, *FDKAAC, *options, "-o", "{out}", "{wav}")
    # ffmpeg's encoder leaves noise to the decoder.
    encode(folder / "aac_noise.m4a", beats, rate, "-c:a", "aac", "-b:a", "64k")
    encode(folder / "alac.m4a", beats[: 2 * rate], rate, "-c:a", "alac", "-sample_fmt", "s16p")
    encode(folder / "opus.mp4", beats, rate, "-c:a", "libopus", "-b:a", "48k", "-ar", "48000")
    # Of the second, packets go on from page to page.
    command = (*opus.OPUSENC, "--hard-cbr", "--bitrate", "128", "{wav}", "{out}")
    encode_with(folder / "opus.opus", beats, rate, *command)
    short = opus.with_short_pages((folder / "opus.opus").read_bytes(), 7, 960)
    (folder / "opus_short_pages.opus").write_bytes(short)
