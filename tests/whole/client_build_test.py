"""oxc with everything real behind it: from init-config-file to a program that runs."""
import os
import signal
import subprocess

import oxtest

CODE = """
import os, sys, time
if sys.argv[1:] == ["sleep"]:
    print("sleeping", flush=True)
    time.sleep(60)
print(sys.argv[1:], os.getcwd())
sys.exit(len(sys.argv))
"""


class Build(oxtest.TestCase):
    shared_store = True

    def setUp(self):
        super().setUp()
        self.assertExit(self.box.oxc("init-config-file", "app", "--python-code", CODE), 0)

    def test_builds_through_a_daemon_that_starts_by_itself(self):
        result = self.assertExit(self.box.oxc("build", "--path", "app", "--json"), 0)
        events = oxtest.events(result.stdout)
        artifact, = [e for e in events if e["type"] == "artifact"]
        self.assertEqual(artifact["path"], self.box.path("app/build/x86_64-unknown-linux-gnu/debug/exe/app"))
        self.assertEqual(artifact["size"], os.path.getsize(artifact["path"]))
        self.assertTrue(artifact["runnable"])
        self.assertIn("glibc", artifact["runs_on"])
        self.assertEqual((events[-1]["type"], events[-1]["category"]), ("result", "ok"))
        again = self.assertExit(self.box.oxc("build", "--path", "app"), 0)
        self.assertIn("nothing had to be done", again.stderr)
        self.assertIn(artifact["path"], again.stdout)
        self.assertIn("builds done", self.assertExit(self.box.oxc("daemon", "status"), 0).stdout)

    def test_a_pipeline_ends_when_the_build_does(self):
        done = subprocess.run(["sh", "-c", f'"{oxtest.OXC}" build --path app 2>&1 | cat; echo end'], env=self.box.env,
                              cwd=self.box.root, stdout=subprocess.PIPE, text=True, timeout=oxtest.PATIENCE, check=True)
        self.assertTrue(done.stdout.endswith("end\n"))
        self.assertIn("exe/app", done.stdout)
        self.assertExit(self.box.oxc("daemon", "status"), 0)  # it lives on

    def test_run_gives_the_program_its_arguments_folder_and_status(self):
        for extra in ([], ["--no-daemon"]):
            result = self.assertExit(self.box.oxc("run", "--path", "app", *extra, "--", "a b", "--json"), 3)
            self.assertEqual(result.stdout, f"['a b', '--json'] {self.box.root}\n")

    def test_run_leaves_signals_to_the_program(self):
        self.assertExit(self.box.oxc("build", "--path", "app"), 0)
        program = self.box.start("run", "-q", "--path", "app", "sleep")
        self.assertEqual(program.stdout.readline(), "sleeping\n")
        program.send_signal(signal.SIGINT)
        _, err = program.communicate(timeout=oxtest.PATIENCE)
        self.assertEqual(program.returncode, -signal.SIGINT)
        self.assertIn("KeyboardInterrupt", err)

    def test_targets_and_what_is_none(self):
        self.assertEqual(self.assertExit(self.box.oxc("list-targets", "app"), 0).stdout, "*exe\ninstall\nresources\n")
        result = self.assertExit(self.box.oxc("build", "--path", "app", "exx"), 2)
        self.assertIn("exx", result.stderr)
        result = self.assertExit(self.box.oxc("build", "--path", "app", "--target", "exx"), 2)
        self.assertIn("it names no known platform", result.stderr)
        self.assertExit(self.box.oxc("build", "--path", "app", "--target", "x86_64-unknown-linux-gnu", "--release"), 0)
        self.assertTrue(os.path.exists(self.box.path("app/build/x86_64-unknown-linux-gnu/release/exe/app")))

    def test_variables_reach_the_configuration(self):
        self.box.write("vars/pyoxidizer.bzl", 'print(VARS["A"], VARS.get("B"), VARS.get("C"))\nresolve_targets()\n')
        result = self.box.oxc("list-targets", "vars", "--var", "A", "x y", "--var-env", "B", "SET",
                              "--var-env", "C", "UNSET",
                              env={"SET": "value"})
        self.assertIn("x y value None", self.assertExit(result, 0).stderr)


if __name__ == "__main__":
    oxtest.main()
