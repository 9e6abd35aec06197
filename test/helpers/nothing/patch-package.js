#!/usr/bin/env node
// qryn runs this after it was installed, to patch a package that is not there.
