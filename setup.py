"""Install the library that needs no ROS, and its command line, with pip.

The ROS package is built by CMakeLists.txt. What both need is in one place each:
name and version in package.xml, commands in entry_points.ini, libraries in requirements/.
"""

from configparser import ConfigParser
from pathlib import Path
from xml.etree import ElementTree

from setuptools import find_packages, setup

HERE = Path(__file__).parent
manifest = ElementTree.parse(HERE / "package.xml").getroot()
commands = ConfigParser()
commands.read(HERE / "entry_points.ini", encoding="utf-8")


def requirements(name: str) -> list[str]:
    """Read ``requirements/<name>.txt``: a requirement a line, without comments."""
    lines = (HERE / "requirements" / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


setup(
    name=manifest.findtext("name"),
    version=manifest.findtext("version"),
    description=manifest.findtext("description"),
    long_description=(HERE / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    author=manifest.findtext("author"),
    author_email=manifest.find("author").get("email"),
    maintainer=manifest.findtext("maintainer"),
    maintainer_email=manifest.find("maintainer").get("email"),
    url=manifest.findtext("url[@type='website']"),
    project_urls={url.get("type"): url.text for url in manifest.iter("url")},
    license=manifest.findtext("license"),
    classifiers=[
        "Intended Audience :: Healthcare Industry",
        "Intended Audience :: Science/Research",
        "Operating System :: POSIX :: Linux",
        *(f"Programming Language :: Python :: 3.{minor}" for minor in range(10, 15)),
        "Topic :: Scientific/Engineering :: Medical Science Apps.",
        "Typing :: Typed",
    ],
    python_requires=">=3.10",
    packages=find_packages(include=["emg_recognition", "emg_recognition.*"]),
    include_package_data=False,
    package_data={"": ["*.j2", "*.js", "*.pyi", "py.typed"]},
    data_files=[
        (f"share/emg_recognition/{folder}", [f"{folder}/{path.name}" for path in sorted(paths)])
        for folder, paths in (
            ("config", [*(HERE / "config").glob("*.yaml"), *(HERE / "config").glob("*.xml")]),
            ("urdf", (HERE / "urdf").glob("*.urdf*")),
            ("msg", (HERE / "msg").glob("*.msg")),  # a bag of Humble does not carry its definitions
        )
    ],
    install_requires=requirements("library"),
    extras_require={
        name: requirements(name)
        for name in (
            "train",
            "compare",
            "tune",
            "fetch",
            "formats",
            "lsl",
            "brainflow",
            "myo",
            "keys",
            "page",
            "foxglove",
            "ray",
            "docs",
            "test",
        )
    },
    entry_points={
        "console_scripts": [f"{name} = {target}" for name, target in commands["console_scripts"].items()]
    },
)
