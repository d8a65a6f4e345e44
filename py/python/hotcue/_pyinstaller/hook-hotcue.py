"""What PyInstaller cannot see: files that are no code, and what the extension module imports."""

from importlib.metadata import files

from PyInstaller.utils.hooks import collect_data_files

datas = collect_data_files("hotcue", excludes=["**/*.pyi", "**/py.typed"])
# The licences, which whoever passes hotcue on has to pass on, too, and what names its version.
datas += [
    (str(file.locate()), str(file.parent))
    for file in files("hotcue") or ()
    if file.name == "METADATA" or file.parent.name == "licenses"
]
hiddenimports = ["hotcue.notebook", "numpy"]
