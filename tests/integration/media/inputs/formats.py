"""Containers and codecs."""

from __future__ import annotations

from ..films import counted_picture
from .case import Case, Failed, Ready
from .making import (
    AAC,
    COPYING,
    FAST,
    H264_AAC,
    OPUS,
    PCM,
    SHOWN,
    VP9,
    X264,
    X264_B,
    X265,
    changed,
    coded,
    filmed,
    scaled,
)
from .reasons import NO_INDEX

CONTAINERS = [
    Case("Containers", "MP4, its index first", "film.mp4", coded(*H264_AAC, *FAST), COPYING),
    Case("Containers", "MP4, its index last", "film.mp4", coded(*H264_AAC), COPYING),
    Case(
        "Containers",
        "MP4 in fragments",
        "film.mp4",
        coded(*H264_AAC, "-movflags", "+frag_keyframe+delay_moov"),
        SHOWN,
    ),
    Case("Containers", "QuickTime", "film.mov", coded(*X264_B, *PCM), SHOWN),
    Case("Containers", "M4V", "film.m4v", coded(*H264_AAC), COPYING),
    Case(
        "Containers",
        "3GP",
        "film.3gp",
        coded(*scaled(176, 144), "-c:v", "h263", "-q:v", "3", "-ac", "1", "-ar", "16000", *AAC),
        Ready(size=(176, 144)),
    ),
    Case("Containers", "Matroska", "film.mkv", coded(*X264_B, *OPUS), SHOWN),
    Case(
        "Containers",
        "Matroska without cues, as recorders leave it",
        "film.mkv",
        coded(*X264_B, *OPUS, "-live", "1"),
        Ready(said=(NO_INDEX,)),
    ),
    Case("Containers", "WebM", "film.webm", coded(*VP9, *OPUS), SHOWN),
    Case("Containers", "AVI", "film.avi", coded("-c:v", "mpeg4", "-q:v", "3", "-c:a", "libmp3lame"), SHOWN),
    Case("Containers", "MPEG-TS", "film.ts", coded(*H264_AAC), SHOWN),
    Case(
        "Containers",
        "M2TS, of camcorders",
        "film.m2ts",
        coded(*X264_B, "-c:a", "ac3", "-mpegts_m2ts_mode", "1"),
        SHOWN,
    ),
    Case("Containers", "MPEG-PS", "film.mpg", coded("-c:v", "mpeg2video", "-q:v", "3", "-c:a", "mp2"), SHOWN),
    Case("Containers", "VOB, of DVDs", "film.vob", coded("-c:v", "mpeg2video", "-q:v", "3", "-c:a", "ac3"), SHOWN),
    Case("Containers", "FLV", "film.flv", coded(*H264_AAC), SHOWN),
    Case(
        "Containers", "ASF (WMV)", "film.wmv", coded("-c:v", "wmv2", "-q:v", "3", "-c:a", "wmav2"), Ready(within=0.05)
    ),
    Case("Containers", "Ogg", "film.ogv", coded("-c:v", "libtheora", "-q:v", "8", "-c:a", "libvorbis"), SHOWN),
    Case("Containers", "MXF", "film.mxf", coded("-c:v", "mpeg2video", "-q:v", "3", *PCM), Failed("not_a_video")),
    Case(
        "Containers",
        "GIF",
        "film.gif",
        filmed(
            *counted_picture(5),
        ),
        Failed("not_a_video"),
    ),
    Case(
        "Containers",
        "RealMedia",
        "film.rm",
        coded("-c:v", "rv20", *scaled(176, 144), "-c:a", "ac3"),
        Failed("not_a_video"),
    ),
]

CODECS = [
    Case("Codecs", "HEVC", "film.mp4", coded(*X265, "-tag:v", "hvc1", *AAC), COPYING),
    Case(
        "Codecs",
        "VP8 and Vorbis",
        "film.webm",
        coded("-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-c:a", "libvorbis"),
        SHOWN,
    ),
    Case("Codecs", "VP9 in MP4, with Opus", "film.mp4", coded(*VP9, *OPUS), SHOWN),
    Case(
        "Codecs",
        "AV1",
        "film.mp4",
        coded("-c:v", "libaom-av1", "-usage", "realtime", "-cpu-used", "8", *AAC),
        COPYING,
    ),
    Case("Codecs", "VVC (H.266)", "film.mp4", coded("-c:v", "libvvenc", "-preset", "faster", *AAC), COPYING),
    Case("Codecs", "MPEG-1", "film.mpg", coded("-c:v", "mpeg1video", "-q:v", "3", "-c:a", "mp2"), SHOWN),
    Case("Codecs", "MPEG-2 in MPEG-TS", "film.ts", coded("-c:v", "mpeg2video", "-q:v", "3", "-c:a", "mp2"), SHOWN),
    Case(
        "Codecs",
        "MPEG-4 part 2 with B-frames in AVI",
        "film.avi",
        coded("-c:v", "mpeg4", "-bf", "2", "-q:v", "3", "-c:a", "libmp3lame"),
        SHOWN,
    ),
    Case(
        "Codecs",
        "MS-MPEG4 v3 (DivX 3)",
        "film.avi",
        coded("-c:v", "msmpeg4", "-q:v", "3", "-c:a", "libmp3lame"),
        SHOWN,
    ),
    Case("Codecs", "Motion JPEG", "film.avi", coded("-c:v", "mjpeg", "-q:v", "3", *PCM), SHOWN),
    Case(
        "Codecs",
        "ProRes 422",
        "film.mov",
        coded("-c:v", "prores_ks", "-profile:v", "proxy", "-c:a", "pcm_s24le"),
        SHOWN,
    ),
    Case(
        "Codecs",
        "ProRes 4444 with alpha",
        "film.mov",
        coded("-c:v", "prores_ks", "-profile:v", "4444", "-pix_fmt", "yuva444p10le", *PCM),
        SHOWN,
    ),
    Case(
        "Codecs",
        "DNxHR",
        "film.mov",
        coded("-c:v", "dnxhd", "-profile:v", "dnxhr_lb", "-pix_fmt", "yuv422p", *PCM),
        SHOWN,
    ),
    Case(
        "Codecs",
        "CineForm",
        "film.mov",
        coded("-c:v", "cfhd", "-pix_fmt", "yuv422p10le", *scaled(320, 192), *PCM),
        Ready(size=(320, 192)),
    ),
    Case("Codecs", "FFV1 and FLAC", "film.mkv", coded("-c:v", "ffv1", "-c:a", "flac"), SHOWN),
    Case("Codecs", "HuffYUV", "film.avi", coded("-c:v", "huffyuv", *PCM), SHOWN),
    Case("Codecs", "raw pictures", "film.avi", coded("-c:v", "rawvideo", "-pix_fmt", "yuyv422", *PCM), SHOWN),
    Case(
        "Codecs",
        "QuickTime Animation with alpha",
        "film.mov",
        coded("-c:v", "qtrle", "-pix_fmt", "argb", *PCM),
        SHOWN,
    ),
    Case("Codecs", "JPEG 2000", "film.mov", coded("-c:v", "jpeg2000", *PCM), SHOWN),
    Case("Codecs", "Cinepak", "film.avi", coded("-c:v", "cinepak", *scaled(64, 36), *PCM), Ready(size=(64, 36))),
    Case(
        "Codecs",
        "Sorenson Spark and MP3 in FLV",
        "film.flv",
        coded("-c:v", "flv", "-q:v", "3", "-ar", "44100", "-c:a", "libmp3lame"),
        SHOWN,
    ),
    Case("Codecs", "WMV 1", "film.asf", coded("-c:v", "wmv1", "-q:v", "3", "-c:a", "wmav1"), Ready(within=0.05)),
    Case(
        "Codecs",
        "a codec nobody knows",
        "film.mkv",
        changed([*X264, *AAC], ".mkv", lambda data: data.replace(b"V_MPEG4/ISO/AVC", b"V_MPEG9/XYZ/QQQ")),
        Failed("unsupported_codec"),
    ),
]
