"""The manual pages are well-formed: neither mandoc nor groff has anything to warn of."""
import glob
import os
import shutil
import subprocess
import unittest

import oxtest


class ManPages(oxtest.TestCase):
    def pages(self):
        found = {}
        for folder in (oxtest.SRCDIR, oxtest.BUILDDIR):
            for page in glob.glob(os.path.join(folder, "man", "*.[1-8]")):
                found[os.path.basename(page)] = page
        self.assertLessEqual({"oxc.1", "oxidizerd.8", "oxidizer-starlark.7"}, set(found))
        return found.values()

    def assert_silent(self, *command):
        result = subprocess.run(command, capture_output=True, text=True, timeout=oxtest.PATIENCE, check=False)
        self.assertEqual((result.stdout, result.stderr), ("", ""))

    @unittest.skipUnless(shutil.which("mandoc"), "mandoc is not installed")
    def test_mandoc_warns_of_nothing(self):
        for page in self.pages():
            with self.subTest(page=page):
                self.assert_silent("mandoc", "-Tlint", "-Wwarning", page)

    @unittest.skipUnless(shutil.which("groff"), "groff is not installed")
    def test_groff_warns_of_nothing(self):
        for page in self.pages():
            with self.subTest(page=page):
                self.assert_silent("groff", "-man", "-ww", "-z", "-Kutf8", page)


if __name__ == "__main__":
    oxtest.main()
