"""The journal: Optuna's own format, whole at every moment, by one writer."""

import json
from pathlib import Path

import optuna
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

from study.errors import DAMAGED, StudyError
from study.record.journal import SoleWriterJournal, read_journal

ANY_FOLDER = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def fill(journal: SoleWriterJournal, trials: int = 4) -> optuna.Study:
    """A study of a few trials in every state."""
    study = optuna.create_study(storage=JournalStorage(journal), study_name="größer")
    for number in range(trials):
        trial = study.ask({"lr": optuna.distributions.FloatDistribution(1e-4, 0.1, log=True)})
        trial.set_user_attr("config", {"encoder_hidden": [4, 2], "about": "größer"})
        trial.report(1.5, 10)
        if number % 4 == 0:
            study.tell(trial, 0.25)
        elif number % 4 == 1:
            study.tell(trial, state=optuna.trial.TrialState.PRUNED)
        elif number % 4 == 2:
            study.tell(trial, state=optuna.trial.TrialState.FAIL)
    return study


def unsealed(line: bytes) -> dict:
    """The operation of a line, without the checksum, which Optuna does not look at."""
    operation = json.loads(line)
    assert operation.pop("crc")
    return operation


def seen_by_optuna(path: Path) -> list:
    """The trials as Optuna's own backend reads them from the file."""
    storage = JournalStorage(JournalFileBackend(str(path)))
    return optuna.load_study(study_name="größer", storage=storage).get_trials()


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> bytes:
    """The content of a journal."""
    path = tmp_path_factory.mktemp("journal") / "journal.log"
    journal = SoleWriterJournal(path)
    fill(journal)
    journal.commit()
    journal.close()
    return path.read_bytes()


def test_optuna_s_own_backend_reads_what_was_committed(tmp_path):
    path = tmp_path / "journal.log"
    journal = SoleWriterJournal(path)
    study = fill(journal)
    journal.commit()
    assert seen_by_optuna(path) == study.get_trials()
    states = [trial.state.name for trial in study.get_trials()]
    assert states == ["COMPLETE", "PRUNED", "FAIL", "RUNNING"]


def test_optuna_s_own_backend_reads_the_file_after_every_commit(tmp_path):
    path = tmp_path / "journal.log"
    journal = SoleWriterJournal(path)
    study = optuna.create_study(storage=JournalStorage(journal), study_name="größer")
    journal.commit()
    for count in range(1, 4):
        study.tell(study.ask(), 0.5)
        assert len(seen_by_optuna(path)) == count - 1  # not before
        journal.commit()
        assert seen_by_optuna(path) == study.get_trials()


def test_nothing_is_written_twice_and_nothing_without_need(tmp_path):
    path = tmp_path / "journal.log"
    journal = SoleWriterJournal(path)
    fill(journal)
    journal.commit()
    content = path.read_bytes()
    journal.commit()
    journal.close()
    assert path.read_bytes() == content


def test_a_journal_that_was_closed_goes_on_where_it_was(tmp_path):
    path = tmp_path / "journal.log"
    first = SoleWriterJournal(path)
    before = fill(first).get_trials()
    first.commit()
    first.close()
    second = SoleWriterJournal(path)
    study = optuna.load_study(study_name="größer", storage=JournalStorage(second))
    assert study.get_trials() == before
    study.tell(study.ask(), 0.75)
    second.commit()
    assert seen_by_optuna(path) == study.get_trials()
    assert len(seen_by_optuna(path)) == len(before) + 1


def test_what_was_replayed_is_not_kept_in_memory_twice(tmp_path):
    journal = SoleWriterJournal(tmp_path / "journal.log")
    study = fill(journal, trials=3)
    journal.commit()
    study.get_trials()
    assert journal._logs == []
    assert journal._pending == []


def test_what_was_not_committed_is_given_up(tmp_path):
    path = tmp_path / "journal.log"
    journal = SoleWriterJournal(path)
    study = fill(journal, trials=1)
    journal.commit()
    study.ask()
    journal.close()
    assert len(seen_by_optuna(path)) == 1


@ANY_FOLDER
@given(share=st.floats(0, 1))
@example(share=0.0)
@example(share=1.0)
def test_a_journal_cut_off_at_any_byte_keeps_its_whole_lines_and_goes_on(tmp_path, written, share):
    path = tmp_path / "journal.log"
    cut = written[: int(share * len(written))]
    whole = cut[: cut.rfind(b"\n") + 1]
    path.write_bytes(cut)
    if cut + b"\n" == written[: len(cut) + 1]:  # but for its break, the last line is there
        whole = cut + b"\n"
    journal = SoleWriterJournal(path)
    assert path.read_bytes() == whole
    assert list(journal.read_logs(0)) == list(map(unsealed, whole.splitlines()))
    journal.append_logs([{"op_code": 0, "worker_id": "w", "study_name": "n", "directions": [1]}])
    journal.commit()
    journal.close()
    logs = list(JournalFileBackend(str(path)).read_logs(0))
    assert len(logs) == whole.count(b"\n") + 1
    assert logs[-1]["study_name"] == "n"


@pytest.mark.parametrize("line", range(0, 12, 3))
@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"op": 1}', b"\xff\xfe", b"null", b"\x00"])
def test_a_damaged_line_before_the_last_is_refused_by_its_number_and_nothing_is_lost(
    tmp_path, written, line, damage
):
    path = tmp_path / "journal.log"
    lines = written.splitlines()
    lines[line] = damage
    content = b"\n".join(lines) + b"\n"
    path.write_bytes(content)
    with pytest.raises(StudyError) as refused:
        SoleWriterJournal(path)
    assert refused.value.code == DAMAGED
    assert f"{path} is damaged in line {line + 1}" in str(refused.value)
    assert "put back a copy" in str(refused.value)
    assert path.read_bytes() == content


def test_a_journal_that_is_not_there_is_begun_by_its_writer_and_missed_by_a_reader(tmp_path):
    with pytest.raises(StudyError, match=r"journal\.log is missing"):
        read_journal(tmp_path / "journal.log")
    assert list(SoleWriterJournal(tmp_path / "journal.log").read_logs(0)) == []
