// SPDX-License-Identifier: MIT
// Two services that share a database, which neither of them opens or closes.
#include <aiomisc/aiomisc.h>

#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>

struct Config {
    std::string file;
};

class Database {
public:
    static aiomisc::Task<Database> open(std::string file) {
        co_await aiomisc::sleep(std::chrono::milliseconds(1));  // whatever it takes
        std::printf("database: %s is open\n", file.c_str());
        co_return Database();
    }

    int count(const std::string& table) {
        ++queries_;
        return static_cast<int>(table.size());
    }

    aiomisc::Task<> close() {
        std::printf("database: closed after %d queries\n", queries_);
        co_return;
    }

private:
    int queries_ = 0;
};

// [providers]
aiomisc::Task<aiomisc::Resource<Database>> database(std::shared_ptr<Config> config) {
    co_return aiomisc::Resource(co_await Database::open(config->file), &Database::close);
}

void provide() {
    const auto config = aiomisc::dependency("config", [] { return Config{"example.db"}; });
    aiomisc::dependency("database", &database, config);
}

// [providers]

// [service]
struct Users : aiomisc::Service, aiomisc::Injectable {
    aiomisc::Injected<Database> database;
    aiomisc::Injected<std::string> table = aiomisc::Default("users");

    void inject(aiomisc::Injector& injector) override {
        injector.bind("database", database);
        injector.bind("user_table", table);
    }

    aiomisc::Task<> start() override {
        std::printf("users: %d in %s\n", database->count(*table), table->c_str());
        co_return;
    }
};

// [service]

struct Reports : aiomisc::Service, aiomisc::Injectable {
    aiomisc::Injected<Database> database;

    void inject(aiomisc::Injector& injector) override { injector.bind("database", database); }

    aiomisc::Task<> start() override {
        std::printf("reports: %d\n", database->count("reports"));
        co_return;
    }
};

aiomisc::Task<> amain(std::shared_ptr<Users> users, std::shared_ptr<Reports> reports) {
    const bool same = users->database.shared() == reports->database.shared();
    std::printf("main: they share %s database\n", same ? "one" : "no");
    co_return;
}

int main() {
    provide();
    const auto users = std::make_shared<Users>();
    const auto reports = std::make_shared<Reports>();
    return aiomisc::run(amain(users, reports), {}, users, reports);
}
