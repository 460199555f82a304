"""CSV from a socket to a dataset against pandas.read_csv of the same file, by turns in one run.

Run by `make bench-csv`: csv_upload.py DESCENTD [ROUNDS [MEGABYTES]]. Two files are made, one of numbers and one
with texts among them. The service's time is that of the whole upload over loopback, until 201; pandas reads in its
default mode, which is its faster and less exact one, in this process. Medians, and the most memory over idle.
"""
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time

import pandas

NUMBERS = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"]
TEXTS = {"kind": ["red", "green", "blue", "black"], "flag": ["yes", "no"],
         "town": ["Paris", "Berlin", "New York", '"Washington, DC"', "Rome", "Oslo", "Tokyo", "Lima", "Quito"]}


def write_file(path, size, with_texts):
    draw = random.Random(1)
    names = NUMBERS + (list(TEXTS) if with_texts else [])
    block = []
    for _ in range(20000):
        row = ["%.3f" % draw.gauss(0, 100), "%.3f" % draw.gauss(0, 100), "%.5f" % draw.gauss(0, 1)]
        row += ["%.2f" % draw.gauss(0, 1000), repr(draw.random()), repr(draw.random()), repr(draw.random())]
        row += [str(draw.randrange(100000)) for _ in range(3)]
        row += [draw.choice(words) for words in TEXTS.values()] if with_texts else []
        block.append(",".join(row) + "\n")
    with open(path, "w") as out:
        out.write(",".join(names) + "\n")
        while out.tell() < size:
            draw.shuffle(block)
            out.write("".join(block))


def peak_memory(process):
    with open("/proc/%d/status" % process.pid) as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024


def upload(program, path):
    """Seconds from the request to its 201, and MiB over idle."""
    with tempfile.TemporaryDirectory() as data:
        service = subprocess.Popen([program, "serve", "--listen", "127.0.0.1:0", "--data-dir", data],
                                   stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        try:
            address = service.stdout.readline().split()[-1]
            idle = peak_memory(service)
            answer = subprocess.run(["curl", "-s", "-o", os.path.join(data, "answer"), "-w", "%{http_code} %{time_total}",
                                     "-X", "POST", "-T", path, "-H", "Expect:", "-H", "Content-Type: text/csv",
                                     address + "/v1/datasets"], capture_output=True, text=True, check=True)
            status, seconds = answer.stdout.split()
            if status != "201":
                sys.exit("csv_upload: the upload was answered %s" % status)
            return float(seconds), peak_memory(service) - idle
        finally:
            service.terminate()
            service.wait()


def measure(program, path, rounds):
    uploads, reads, memory = [], [], []
    for _ in range(rounds):
        seconds, more = upload(program, path)
        uploads.append(seconds)
        memory.append(more)
        start = time.perf_counter()
        pandas.read_csv(path)
        reads.append(time.perf_counter() - start)
    return statistics.median(uploads), statistics.median(reads), max(memory)


def main():
    program = sys.argv[1]
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    size = int(sys.argv[3]) * 1000000 if len(sys.argv) > 3 else 220000000
    with tempfile.TemporaryDirectory() as folder:
        for name, with_texts in (("numbers", False), ("numbers and texts", True)):
            path = os.path.join(folder, "table.csv")
            write_file(path, size, with_texts)
            ours, theirs, memory = measure(program, path, rounds)
            megabytes = os.path.getsize(path) / 1e6
            print("%-18s upload %4.0f MB/s, pandas %4.0f MB/s: %.2f of its rate; %.1f MiB over idle"
                  % (name, megabytes / ours, megabytes / theirs, theirs / ours, memory))


if __name__ == "__main__":
    main()
