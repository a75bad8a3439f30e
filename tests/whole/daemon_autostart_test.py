"""oxc and oxidizerd together: starting by itself, racing, piping, being stopped; with a pretended worker."""
import os
import signal
import subprocess

import oxtest
from oxdaemon import DaemonTest, alive, wait_until


class AutoStart(DaemonTest):
    def oxc(self, *args, env=None, **options):
        options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
        return subprocess.Popen([oxtest.OXC, *args], env=self.environment(**(env or {})), cwd=self.root, text=True,
                                **options)

    def finish(self, process, code=0):
        out, err = process.communicate(timeout=oxtest.PATIENCE)
        self.assertEqual(process.returncode, code, f"{out}\n{err}")
        return out

    def project(self, *lines):
        folder = os.path.join(self.root, "project")
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, "pyoxidizer.bzl"), "w", encoding="utf-8") as config:
            config.write("\n".join(lines))
        return folder

    def clean_up(self):
        if os.path.exists(self.socket_path):
            subprocess.run([oxtest.OXC, "daemon", "stop", "--now"], env=self.environment(), check=False,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=oxtest.PATIENCE)
        super().clean_up()

    def test_many_clients_at_once_start_one_daemon(self):
        folder = self.project("log built")
        clients = [self.oxc("build", "--path", folder) for _ in range(12)]
        for client in clients:
            self.finish(client)
        self.assertEqual(self.log().count(" serves "), 1)
        self.assertEqual(self.status()["builds done"], 12)

    def test_a_pipe_ends_when_the_build_does(self):
        folder = self.project("log built")
        client = self.oxc("build", "--path", folder)
        reader = subprocess.Popen(["cat"], stdin=client.stdout, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        client.stdout.close()
        reader.communicate(timeout=oxtest.PATIENCE)
        client.stderr.close()
        self.assertEqual(client.wait(oxtest.PATIENCE), 0)
        self.assertEqual(self.status()["state"], "serving")

    def test_without_home_and_in_a_folder_with_a_long_name(self):
        self.run_dir = os.path.join(self.root, "r" * 200)
        folder = self.project("log built")
        self.finish(self.oxc("build", "--path", folder, env={"HOME": None}))
        self.assertEqual(self.status()["builds done"], 1)

    def test_interrupting_the_client_ends_the_build(self):
        pid_file = os.path.join(self.root, "pid")
        folder = self.project(f"runaway {pid_file}", "hang")
        client = self.oxc("build", "--path", folder)
        wait_until(lambda: os.path.exists(pid_file))
        client.send_signal(signal.SIGINT)
        self.finish(client, 130)
        with open(pid_file, encoding="utf-8") as text:
            pid = int(text.read())
        wait_until(lambda: not alive(pid))

    def test_killing_the_client_ends_the_build(self):
        pid_file = os.path.join(self.root, "pid")
        folder = self.project(f"runaway {pid_file}", "hang")
        client = self.oxc("build", "--path", folder)
        wait_until(lambda: os.path.exists(pid_file))
        client.kill()
        client.communicate()
        with open(pid_file, encoding="utf-8") as text:
            pid = int(text.read())
        wait_until(lambda: not alive(pid))
        self.assertEqual(self.status()["state"], "serving")

    def test_after_stop_nothing_is_left(self):
        self.finish(self.oxc("daemon", "start"))
        pid = self.status()["pid"]
        self.finish(self.oxc("daemon", "stop"))
        wait_until(lambda: not alive(pid))
        self.assertFalse(os.path.exists(self.socket_path))
        self.finish(self.oxc("daemon", "status"), 5)

    def test_a_crash_is_told_and_the_log_shows_it(self):
        folder = self.project("crash")
        client = self.oxc("build", "--path", folder)
        _, err = client.communicate(timeout=oxtest.PATIENCE)
        self.assertEqual(client.returncode, 3)
        self.assertIn("oxc daemon log", err)
        self.assertIn("signal 9", self.finish(self.oxc("daemon", "log")))


if __name__ == "__main__":
    oxtest.main()
