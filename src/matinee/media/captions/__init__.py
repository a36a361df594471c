"""Text tracks: SRT, WebVTT, ASS/SSA and TTML read strictly, written as WebVTT, cut into segments. Pure.

Libraries that read these formats skip what they cannot read; here every fault is told with its line.
"""
