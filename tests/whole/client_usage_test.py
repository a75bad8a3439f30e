"""oxc without anybody at the other end: usage, configuration lookup, init-config-file."""
import os

import oxtest


class Usage(oxtest.TestCase):
    def refused(self, *args, says, code=2, **options):
        result = self.assertExit(self.box.oxc(*args, **options), code)
        self.assertIn(says, result.stderr)
        self.assertEqual(result.stdout, "")
        json = self.box.oxc(args[0], "--json", *args[1:], **options) if args else None
        if json:
            self.assertExit(json, code)
            last = oxtest.events(json.stdout)[-1]
            self.assertEqual((last["schema"], last["type"], last["exit_code"]), (1, "result", code))
            self.assertIn(says, last["message"])
        return result

    def test_no_command_shows_the_commands(self):
        result = self.assertExit(self.box.oxc(), 2)
        self.assertIn("init-config-file", result.stderr)
        self.assertIn("list-targets", self.assertExit(self.box.oxc("--help"), 0).stdout)

    def test_every_command_has_help(self):
        for command in ("init-config-file", "init", "build", "run", "list-targets", "eval", "fmt", "lint", "daemon", "store", "help"):
            result = self.assertExit(self.box.oxc(command, "--help"), 0)
            self.assertIn("usage: oxc", result.stdout)
            self.assertEqual(self.box.oxc("help", command).stdout, result.stdout)

    def test_version(self):
        self.assertRegex(self.assertExit(self.box.oxc("--version"), 0).stdout, r"^oxc \d+\.\d+")
        self.assertRegex(self.assertExit(self.box.oxc("-V"), 0).stdout, r"^oxc \d+\.\d+\S*\n$")

    def test_usage_errors(self):
        self.refused("build", "--frob", says="unknown option --frob")
        self.refused("build", "--path", says="--path needs a value")
        self.refused("build", "--var", "A", says="needs two values")
        self.refused("build", "--var", "A", "1", "--var-env", "A", "B", says="given twice")
        self.refused("build", "--release=1", says="takes no value")
        self.refused("daemon", says="oxc daemon start")
        self.refused("daemon", "dance", says="oxc daemon start")
        self.refused("store", "burn", says="oxc store stats")
        self.refused("store", "stats", "--dry-run", says="oxc store gc")
        self.refused("init-config-file", says="oxc init-config-file DIR")
        self.assertIn("unknown command", self.assertExit(self.box.oxc("bild"), 2).stderr)

    def test_a_missing_configuration(self):
        self.refused("build", says="oxc init-config-file")
        self.refused("run", says="oxc init-config-file")
        self.refused("list-targets", says="oxc init-config-file")
        self.refused("build", "--path", "absent", says="absent: No such file")
        self.refused("build", says="PYOXIDIZER_CONFIG: cannot find /absent/x.bzl",
                     env={"PYOXIDIZER_CONFIG": "/absent/x.bzl"})

    def test_an_unreadable_configuration(self):
        os.makedirs(self.box.path("project/pyoxidizer.bzl"))
        self.refused("build", "--path", "project", says="is not a file")
        if os.geteuid() == 0:
            return
        self.box.write("locked/pyoxidizer.bzl", "")
        os.chmod(self.box.path("locked/pyoxidizer.bzl"), 0)
        self.refused("build", "--path", "locked", says="Permission denied")

    def test_a_toml_configuration(self):
        self.box.write("old/pyoxidizer.toml", "")
        self.refused("build", "--path", "old", says="TOML")

    def test_options_may_stand_before_the_command(self):
        result = self.assertExit(self.box.oxc("--json", "-v", "build", "--path", "absent"), 2)
        self.assertEqual(oxtest.events(result.stdout)[-1]["exit_code"], 2)


class InitConfigFile(oxtest.TestCase):
    def test_writes_a_configuration_once(self):
        result = self.assertExit(self.box.oxc("init-config-file", "deep/down/myapp"), 0)
        self.assertIn("oxc run --path deep/down/myapp", result.stdout)
        text = self.box.read("deep/down/myapp/pyoxidizer.bzl")
        self.assertIn('name = "myapp"', text)
        self.assertRegex(text, r'register_target\("exe", make_exe, default = True\)')
        again = self.assertExit(self.box.oxc("init", "deep/down/myapp"), 2)
        self.assertIn("is there already", again.stderr)
        self.assertEqual(self.box.read("deep/down/myapp/pyoxidizer.bzl"), text)

    def test_honours_its_options(self):
        self.assertExit(self.box.oxc("init-config-file", "app", "--python-code", 'print("hi\\n")',
                                     "--pip-install", "a==1", "--pip-install", "b"), 0)
        text = self.box.read("app/pyoxidizer.bzl")
        self.assertIn(r'config.run_command = "print(\"hi\\n\")"', text)
        self.assertIn('exe.pip_install(["a==1", "b"])', text)

    def test_says_what_is_in_the_way(self):
        self.box.write("file", "")
        self.assertIn("is not a folder", self.assertExit(self.box.oxc("init-config-file", "file"), 2).stderr)


if __name__ == "__main__":
    oxtest.main()
