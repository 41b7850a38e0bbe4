"""`kubectl exec` for tests: what shall run in the JobManager's container runs on this machine."""

from __future__ import annotations

import shlex
import sys

from tests.workbench.deployment.cluster import manifest
from workbench.deployment.kubectl import Kubectl

JOB = manifest("FlinkDeployment", "paystream-detection")
_EXEC = (
    "import os, sys; a = sys.argv[1:]; cut = a.index('--'); "
    "assert a[:2] == ['exec', 'deployment/paystream-detection'], a; "
    "assert '--container' in a[:cut] and a[cut + 1] == 'python', a; "
    "os.execv(sys.executable, [sys.executable, *a[cut + 2:]])"
)
KUBECTL = Kubectl(shlex.join([sys.executable, "-c", _EXEC]))
