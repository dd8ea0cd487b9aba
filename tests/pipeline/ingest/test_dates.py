import os

from pipeline.ingest.dates import date_by_content


def test_dates_follow_from_contents(tmp_path):
    dates = []
    for number, content in enumerate((b"same", b"same", b"other")):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "a").write_bytes(content)
        os.utime(folder / "a", (number, number))
        date_by_content(folder)
        dates.append((folder / "a").stat().st_mtime)
    assert dates[0] == dates[1] != dates[2]
    assert all(0 <= date < 2**31 for date in dates)
