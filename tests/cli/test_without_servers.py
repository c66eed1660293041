import json
from pathlib import Path

import jwt
import pytest

from tests.cli_support import ROOT, Starguild
