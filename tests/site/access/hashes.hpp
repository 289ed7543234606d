#pragma once

#include <string_view>

// Of the password "pw", as htpasswd(1) and mkpasswd(1) made them, with little cost.

namespace torc::site::test {

inline constexpr std::string_view bcrypt_hash =
    "$2y$05$K7EzL53Nc3G3dW3usqTgjuckGnxPrcdG1fS2W9.QrbaKGG/luodZy";
inline constexpr std::string_view yescrypt_hash =
    "$y$j7T$glu0Y7aNZTRjvtCT3V1gb1$ZpizdtqBWGWziNQtSFDIsr7.FSdHaf8vTG16X0WmXN9";
inline constexpr std::string_view sha512_hash =
    "$6$rounds=1000$lItkqiJZn.GUryva$HBmiqiLsszEutQave5dvHX2oKSpVsShhGjXsX2FOZ89a4Z9/"
    "OA4z.1g0xPdrg/QXHpdmqjshsNzKH.3NGF9Rx0";
inline constexpr std::string_view sha256_hash =
    "$5$rounds=1000$4HXx87mgWTZDcfmm$koDZ8D/G7mYUaPPaWg4hXZ1Xvg1qRwOeX.7A9aacRB8";

}  // namespace torc::site::test
