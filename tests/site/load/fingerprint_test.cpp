#include <torc/site/load/fingerprint.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace torc::site {
namespace {

TEST(Fingerprint, IsSeenWhereABuildToolWritesIt) {
    for (const char* path :
         {// Vite, Rollup, Rolldown, VitePress, SolidStart, Laravel.
          "assets/index-BfX9a2_k.js", "assets/index-legacy-D-_kP3qZ.js", "assets/logo-Dq3_x9Za.svg",
          "app/assets/index-BfX9a2_k.css", "assets/guide_start.md.Bf2kX9_a.lean.js",
          "assets/chunks/theme.C7xL0q_b.js", "assets/inter-roman.Bu8hRsVA.woff2",
          "_build/assets/client-BfX9a2_k.js", "build/assets/app-CqeAn7v0.js",
          "assets/index.3f2a1b4c.js", "assets/index-3f2a1b4c.js",
          // SvelteKit.
          "_app/immutable/entry/start.BfX9a2_k.js", "_app/immutable/chunks/BfX9a2_k.js",
          "_app/immutable/nodes/0.C-x9a2Zk.js", "_app/immutable/assets/0.D9a2_kPq.css",
          "base/_app/immutable/chunks/index.3f2a1b4c.js",
          // Nuxt, Astro.
          "_nuxt/BfX9a2_k.js", "_nuxt/entry.BfX9a2_k.css", "_nuxt/3f2a1b4c.js",
          "_astro/index.BfX9a2_k.css", "_astro/hoisted.D-1z_9Qk.js",
          "_astro/photo.BfX9a2Kq_Z1Xy2z.webp",
          // Next.js.
          "_next/static/chunks/main-3f2a1b4c5d6e7f80.js",
          "_next/static/chunks/pages/_app-0a1b2c3d4e5f6789.js",
          "_next/static/chunks/0a1b2c3d4e5f6789.js", "_next/static/css/3f2a1b4c5d6e7f80.css",
          "_next/static/media/logo.3f2a1b4c.svg", "_next/static/media/a34f9d1faa5f3315-s.p.woff2",
          "docs/_next/static/chunks/12.3f2a1b4c5d6e7f80.js",
          // webpack as Create React App, Vue CLI, Rsbuild, Angular and Umi use it.
          "static/js/main.3f2a1b4c.js", "static/js/2.8e4b1c9f.chunk.js",
          "static/js/main.3f2a1b4c.js.LICENSE.txt", "static/js/main.3f2a1b4c.js.map",
          "static/css/main.3f2a1b4c.css", "static/media/logo.6ce24c58023cc2f8fd88.svg",
          "js/chunk-vendors.3f2a1b4c.js", "css/app.3f2a1b4c.css", "fonts/icons.535877f5.woff",
          "static/js/async/page.3f2a1b4c.js", "static/font/inter.3f2a1b4c.woff2",
          "main.3f2a1b4c5d6e7f80.js", "umi.3f2a1b4c.js",
          // Angular since esbuild, esbuild itself, Remix.
          "main-5ZQ2XK7B.js", "styles-B5ZRWQ2T.css", "chunk-XTAGQ6HD.js", "polyfills-FFHMD2TL.js",
          "media/inter-5ZQ2XK7B.woff2", "dist/chunk-5ZQ2XK7B.js", "build/_shared/chunk-5ZQ2XK7B.js",
          "build/routes/index-5ZQ2XK7B.js",
          // Parcel, Gatsby, Docusaurus, Expo.
          "index.3f2a1b4c.js", "index.3f2a1b4c.css", "dist/logo.6ce24c58.woff",
          "app-3f2a1b4c5d6e7f801234.js", "component---src-pages-index-js-3f2a1b4c5d6e7f801234.js",
          "static/inter-3f2a1b4c5d6e7f803f2a1b4c5d6e7f80.woff2", "assets/js/main.3f2a1b4c.js",
          "assets/js/1be78505.4a3b2c1d.js", "assets/css/styles.3f2a1b4c.css",
          "assets/logo-3f2a1b4c5d6e7f803f2a1b4c5d6e7f803f2a1b4c5d6e7f803f2a1b4c5d6e7f80.png",
          "_expo/static/js/web/entry-3f2a1b4c5d6e7f803f2a1b4c5d6e7f80.js",
          // Rails, Phoenix, Ember, Django, Encore, Hugo.
          "assets/application-3f2a1b4c.css", "assets/controllers/hello_controller-3f2a1b4c.js",
          "assets/app-3f2a1b4c5d6e7f803f2a1b4c5d6e7f80.js",
          "static/admin/css/base.3f2a1b4c5d6e.css", "build/app.3f2a1b4c.js",
          "css/main.min.3f2a1b4c5d6e7f803f2a1b4c5d6e7f803f2a1b4c5d6e7f803f2a1b4c5d6e7f80.css",
          // MkDocs Material, rustdoc, Blazor.
          "assets/javascripts/bundle.3f2a1b4c.min.js", "assets/stylesheets/main.3f2a1b4c.min.css",
          "assets/javascripts/workers/search.3f2a1b4c.min.js", "static.files/main-51c2e6f4.js",
          "static.files/rustdoc-5bc39a1768837dd0.css",
          "static.files/FiraSans-Regular-0fe48ade.woff2",
          "_framework/dotnet.native.8r3kjc1ui9.js"}) {
        EXPECT_TRUE(is_fingerprinted(path)) << path;
    }
}

TEST(Fingerprint, IsNeverSeenElsewhere) {
    for (const char* directory : {"", "data/", "users/", "downloads/", "my-assets/", "assetsx/",
                                  "_next/", "_app/", "static/js.old/", "a/b/c/"}) {
        for (const char* name :
             {"user-3f2a1b4c-9d8e-4f7a-b6c5-d4e3f2a1b0c9.json",
              "user-3f2a1b4c-9d8e-4f7a-b6c5-d4e3f2a1b0c9.js",
              "3f2a1b4c-9d8e-4f7a-b6c5-d4e3f2a1b0c9.png", "sensor-3f2a1b4c.json",
              "sensor-3f2a1b4c.js", "photo.3f2a1b4c.jpg", "logo-BfX9a2_k.png",
              "index-BfX9a2_k.html", "post-3f2a1b4c5d6e7f80.html", "build-3f2a1b4c.zip"}) {
            const std::string path = std::string(directory) + name;
            EXPECT_FALSE(is_fingerprinted(path)) << path;
        }
    }
    for (const char* path :
         {"data/index-BfX9a2_k.js", "data/main.3f2a1b4c.js", "data/chunk-5ZQ2XK7B.js",
          "data/main-3f2a1b4c5d6e7f80.js", "index-BfX9a2_k.js", "sub/main-5ZQ2XK7B.js",
          "images/logo-3f2a1b4c5d6e7f803f2a1b4c5d6e7f80.png", "3f2a1b4c5d6e7f80.js"}) {
        EXPECT_FALSE(is_fingerprinted(path)) << path;
    }
}

TEST(Fingerprint, IsNeitherAnIdentityNorADocument) {
    for (const std::string directory : {"assets/", "static/", "static/media/", "build/", "dist/",
                                        "_nuxt/", "_astro/", "_app/immutable/", "_next/static/"}) {
        for (const char* name :
             {"user-3f2a1b4c-9d8e-4f7a-b6c5-d4e3f2a1b0c9.json",
              "user-3f2a1b4c-9d8e-4f7a-b6c5-d4e3f2a1b0c9.png", "sensor-3f2a1b4c.json",
              "report-BfX9a2_k.pdf", "report.3f2a1b4c.csv", "page-BfX9a2_k.html",
              "page.3f2a1b4c.htm", "backup-3f2a1b4c.zip"}) {
            EXPECT_FALSE(is_fingerprinted(directory + name)) << directory << name;
        }
    }
}

TEST(Fingerprint, OfAnImageIsNoneThatMayBeAnIdentityWherePeopleWriteToo) {
    for (const char* path :
         {"assets/avatar-3f2a1b4c.png", "assets/avatar.3f2a1b4c.webp", "img/user.3f2a1b4c.png",
          "static/media/user.3f2a1b4c.jpg", "static/image/user.3f2a1b4c.png",
          "static/user.3f2a1b4c.svg", "build/images/user.3f2a1b4c.png", "dist/qr.3f2a1b4c.svg",
          // 64 bits, a device's address, a UUID, what Gravatar makes of an address.
          "assets/user-3f2a1b4c5d6e7f80.png", "static/cams/gate.001a2b3c4d5e.jpg",
          "assets/clip-3f2a1b4c9d8e4f7ab6c5d4e3f2a1b0c9.mp4",
          "assets/images/user-3f2a1b4c9d8e4f7ab6c5d4e3f2a1b0c9.png",
          "static/user-3f2a1b4c9d8e4f7ab6c5d4e3f2a1b0c9.jpg",
          "media/user.3f2a1b4c9d8e4f7ab6c5d4e3f2a1b0c9.jpg",
          // Numbers of users and products.
          "media/user-K7QX2PLM.jpg", "media/user-K7QX2PLM.mp3", "dist/part-BX27T4QW.png",
          "build/part-BX27T4QW.jpg", "assets/part-BX27T4QW.webp"}) {
        EXPECT_FALSE(is_fingerprinted(path)) << path;
    }
    for (const char* path : {"_astro/logo.3f2a1b4c.png", "_nuxt/logo-3f2a1b4c.png",
                             "_next/static/media/a.3f2a1b4c.png", "assets/app-3f2a1b4c.js",
                             "fonts/inter.3f2a1b4c.woff2", "media/inter-K7QX2PLM.woff2"}) {
        EXPECT_TRUE(is_fingerprinted(path)) << path;
    }
}

TEST(Fingerprint, IsNeitherADayNorAPlatformNorASize) {
    for (const std::string directory : {"assets/", "build/", "dist/"}) {
        for (const char* name : {"shot-15-01-24.png",    "Screenshot_2024-01-15-12-30-45.png",
                                 "menu-2024-1-5.jpg",    "shot-5-Jan-24.png",
                                 "shot-24Jan_01.png",    "banner-728x90v2.png",
                                 "banner-970x90_3.webp", "show-S01E02HD.mp4",
                                 "show-S01E02_1.mp4",    "x-linux-64.wasm",
                                 "x-Linux-64.wasm",      "x-arm64-v8.wasm",
                                 "x-Arm64-v8.wasm",      "x-x86_64v2.js",
                                 "x-win32x64.js",        "x-Win64-v2.js",
                                 "x-mt-simd1.wasm",      "app-v2_final.js",
                                 "app-V2_Final.js",      "style-rtl_2024.css",
                                 "prod-RTX4090X.png",    "cam-CAM01_12.jpg",
                                 "theme-dark_v2a.css",   "lib-1.2.3-b4.js",
                                 "pkg-g1a2b3c4.js",      "app-es2015v2.js",
                                 "icon-32x32px2.png",    "page-iPhone15.css",
                                 "report-E2E_Test.png",  "menu-cafe2024.css",
                                 "menu.facade01.js"}) {
            EXPECT_FALSE(is_fingerprinted(directory + name)) << directory << name;
        }
    }
}

TEST(Fingerprint, OfABundleIsNoWord) {
    for (const char* path :
         {"styles-DARKMODE.css", "main-RELEASE7.js", "main-VERSION2.js", "main-STAGING2.js",
          "main-PREVIEW2.js", "main-NIGHTLY7.js", "chunk-VENDORS2.js", "scripts-JQUERY35.js",
          "worker-THREAD22.js", "styles-LANDSCAP.css", "styles-HIGHCONT.css",
          "dist/chunk-VENDORS2.js", "build/main-RELEASE7.js", "assets/styles-DARKMODE.css"}) {
        EXPECT_FALSE(is_fingerprinted(path)) << path;
    }
}

TEST(Fingerprint, IsNotWhatAPersonMayHaveChosen) {
    for (const std::string directory : {"assets/", "build/", "dist/"}) {
        for (const char* name : {"nav-settings.svg",    "logo-LinkedIn.svg",
                                 "logo-WhatsApp.png",   "page-DarkMode.css",
                                 "logo-BASELINE.svg",   "photo-20240101.jpg",
                                 "frame-00000123.png",  "my-IMG_2034.jpg",
                                 "shot-DSC01234.jpg",   "case-iPhone12.png",
                                 "case-1024x768.png",   "avatar-john1984.png",
                                 "logo-MacBook2.png",   "app-Version2.js",
                                 "jquery-3.7.1.min.js", "app.js",
                                 "settings.js",         "bootstrap-datepicker.js",
                                 "x-deadbeef.js",       "deadbeef.js",
                                 "a.b.c.d.e",           "entry.js",
                                 "index.settings.js",   "main.20240101.js",
                                 "poly-FAQ_2024.css"}) {
            EXPECT_FALSE(is_fingerprinted(directory + name)) << directory << name;
        }
    }
}

TEST(Fingerprint, IsNoWordEvenWhereAToolAloneWrites) {
    for (const std::string directory : {"_nuxt/", "_astro/", "_app/immutable/"}) {
        for (const char* name :
             {"settings.js", "Settings.js", "entry.DarkMode.css", "photo.20240101.png", "app.js",
              "chunk.Version2.js", "img-latest01.js", "shot.15-01-24.png"}) {
            EXPECT_FALSE(is_fingerprinted(directory + name)) << directory << name;
        }
    }
}

TEST(Fingerprint, NeedsANameThatIsWhole) {
    for (const char* path :
         {"", "/", "assets/", "assets/.js", "assets/-BfX9a2_k.js", "assets/BfX9a2_k",
          "assets/index-BfX9a2_k", "assets/index-BfX9a2_k.", "assets/index-BfX9a2.js",
          "assets/index-BfX9a2_kk.js", "assets/index-BfX9a2_k.js.exe",
          "assets/index-BfX9a2_k.foo.js", "static/js/main.3F2A1B4C.js"}) {
        EXPECT_FALSE(is_fingerprinted(path)) << path;
    }
}

}  // namespace
}  // namespace torc::site
