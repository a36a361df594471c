"""Which model is used, and what is said where there is none."""

from pathlib import Path

import pytest

from matinee.media.speech import models
from matinee.media.speech.languages import english_name, to_bcp47, to_model
from matinee.media.speech.models import NEEDED_FILES, NoSpeech, find_model, whisper_program
from matinee.media.speech.sound import samples_argv


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A folder with the files of a model."""
    for name in NEEDED_FILES:
        (tmp_path / name).touch()
    return tmp_path


class TestFindModel:
    def test_the_chosen_one_is_used_as_it_is(self, model: Path) -> None:
        """Its operator knows what it holds."""
        found = find_model(model)
        assert (found.folder, found.sha256) == (model, None)

    def test_a_packaged_one_is_known_by_its_weights(self) -> None:
        """Another release of the package may hold anything."""
        found = find_model(None)
        assert found.folder.is_dir()
        assert found.sha256 is not None
        assert len(found.sha256) == 64

    @pytest.mark.parametrize("missing", NEEDED_FILES)
    def test_a_folder_without_its_files_is_refused(self, model: Path, missing: str) -> None:
        """What is missing would be fetched otherwise."""
        (model / missing).unlink()
        with pytest.raises(NoSpeech, match=missing):
            find_model(model)

    def test_without_the_extra_it_says_what_to_install(self, model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Whatever is set."""
        monkeypatch.setattr(models, "find_spec", lambda _: None)
        with pytest.raises(NoSpeech, match=r"matinee\[captions\]"):
            find_model(model)

    def test_without_a_model_it_says_what_to_set(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Nothing is downloaded."""
        monkeypatch.setattr(models, "_PACKAGED", ())
        with pytest.raises(NoSpeech, match="MATINEE_SPEECH_MODEL"):
            find_model(None)


class TestProgram:
    def test_it_may_read_its_model_and_write_nothing(self, model: Path) -> None:
        """And is given the SHA-256 that is expected, or none."""
        program = whisper_program(find_model(model), threads=3)
        assert program.argv[-3:] == (str(model), "-", "3")
        assert str(model) in program.read
        assert program.scratch == ()
        assert (program.limits.file_size, program.limits.niceness) == (0, 19)

    def test_samples_are_those_that_models_hear(self) -> None:
        """16 kHz, one channel, 16 bits, from a file in memory and nothing else."""
        argv = samples_argv("ffmpeg", 7, "pipe:9")
        assert argv[argv.index("-protocol_whitelist") + 1] == "fd,pipe"
        assert argv[argv.index("-i") - 1 : argv.index("-i") + 2] == ["7", "-i", "fd:"]
        assert argv[-7:] == ["-ac", "1", "-ar", "16000", "-f", "s16le", "pipe:9"]


class TestLanguages:
    @pytest.mark.parametrize(("tag", "model"), [("en", "en"), ("pt-BR", "pt"), ("nb", "no"), ("jv", "jw")])
    def test_tags_are_those_of_the_model(self, tag: str, model: str) -> None:
        """Without region, and by its own names."""
        assert to_model(tag) == model
        assert to_bcp47(model) == tag.split("-")[0]

    def test_names(self) -> None:
        """In English; what is not known is called by its tag."""
        assert (english_name("de"), english_name("pt-BR"), english_name("tlh")) == (
            "German",
            "Portuguese (BR)",
            "tlh",
        )
